import t from 'tap'
import { prefersPage } from '../../../src/http/accept.ts'
import { duration, problemPage } from '../../../src/http/pages/problem-page.ts'
import { Problem, type ProblemType, problemBody, problems } from '../../../src/problems/problem.ts'

const AT = Date.UTC(2026, 10, 23, 14, 5)

function pageOf(type: ProblemType, detail: string, retry?: { at: number; seconds: number }) {
  const problem = new Problem(type, detail)
  const body = problemBody(problem, '/base/x', 'req-1', '/base')
  return problemPage({ problem, body, retry, basePath: '/base' })
}

t.test('the problem page says what happened, what to do, and what to report', async t => {
  for (const [type, { title, status }] of Object.entries(problems)) {
    const page = pageOf(type as ProblemType, 'It is <so>.')
    t.match(page, `<h1>${title}</h1>\n<p class="lead">`)
    t.match(page, '<dd>It is &#60;so&#62;.</dd>')
    t.match(page, /<h2>What you can do<\/h2>\n<p>[^<]{10,}<\/p>/)
    t.match(page, `<dd>${status}</dd>`)
    t.match(page, `<a href="/base/problems/${type}">`)
    t.match(page, '<code>req-1</code>')
    t.match(page, '<code>/base/x</code>')
    t.notMatch(page, 'Try again</a>')
    t.equal(
      page.includes('<form'),
      ['invalid-user-id', 'user-not-found', 'not-found'].includes(type),
    )
  }
})

t.test('the problem page says in plain words what happened', async t => {
  t.match(pageOf('invalid-query', 'It is <so>.'), '<p class="lead">It is &#60;so&#62;.</p>')
  t.match(pageOf('overloaded', 'x'), '<p class="lead">Too many people are waiting for lists.</p>')
  const detail =
    'Parameter "id": A user id cannot contain "/". Open the profile in Spotify, choose "Copy link to profile" and send that link percent-encoded, or only its part after /user/.'
  t.match(
    pageOf('invalid-user-id', detail),
    '<p class="lead">A user id cannot contain &#34;/&#34;.</p>',
  )
})

t.test('the problem page has other advice for owners, and no link to try again', async t => {
  const retry = { at: AT, seconds: 90 }
  for (const type of Object.keys(problems) as ProblemType[]) {
    const problem = new Problem(type, 'x')
    const body = problemBody(problem, '/link/callback', 'req-1')
    const page = problemPage({ problem, body, retry, basePath: '', isForOwner: true })
    t.match(page, '<p>Try again in 90 seconds (<time')
    t.match(page, /<h2>What you can do<\/h2>\n<p>[^<]{10,}<\/p>/)
    if (type.startsWith('spotify-')) t.notMatch(page, 'playlists.</p>', type)
  }
})

t.test('the problem page says when to try again', async t => {
  const later = pageOf('spotify-rate-limited', 'x', { at: AT - 20_500, seconds: 3600 })
  t.match(
    later,
    '<a href="">Try again</a> in 60 minutes (<time datetime="2026-11-23T14:05:00.000Z">23 Nov 2026, 14:05 UTC</time>).',
  )
  const minute = pageOf('caller-rate-limited', 'x', { at: AT, seconds: 60 })
  t.match(minute, 'in 60 seconds (<time datetime="2026-11-23T14:05:00.000Z">14:05:00 UTC</time>).')
  const soon = pageOf('caller-rate-limited', 'x', { at: AT + 2500, seconds: 3 })
  t.match(soon, 'in 3 seconds (<time datetime="2026-11-23T14:05:03.000Z">14:05:03 UTC</time>).')
  for (const [seconds, text] of [
    [1, '1 second'],
    [119, '119 seconds'],
    [120, '2 minutes'],
    [121, '3 minutes'],
    [7199, '120 minutes'],
    [7200, '2 hours'],
    [86_399, '24 hours'],
  ] as const) {
    t.equal(duration(seconds), text)
  }
})

t.test('browsers and requests for HTML get problems as pages', async t => {
  for (const [url, accept, isPage] of [
    ['/', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
    ['/', 'text/html', true],
    ['/', 'application/json, text/html;q=0.5', false],
    ['/', '*/*', false],
    ['/', 'text/*', false],
    ['/', undefined, false],
    ['/', `text/html${',*/*;q=0.1'.repeat(50)}`, false],
    ['/users/x/playlists?limit=0&format=html', '*/*', true],
    ['/users/x/playlists?format=html&limit=0', undefined, true],
    ['/users/x/playlists?format=htmlx', undefined, false],
    ['/users/x/playlists?format=json', 'text/html', true],
  ] as const) {
    t.equal(prefersPage(url, accept), isPage, `${url} ${accept}`)
  }
})
