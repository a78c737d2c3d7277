import t from 'tap'
import type { Status } from '../../../src/http/openapi/status-schema.ts'
import { statusPage } from '../../../src/http/routes/status-page.ts'
import { startService } from '../../support/service.ts'

const HTML = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

const well: Status = {
  service: { version: '1.2.3', started_at: '2026-11-23T00:00:00.000Z', draining: false },
  token: { state: 'valid', expires_at: '2026-11-23T01:00:00.000Z' },
  spotify: {
    gate: 'open',
    reason: null,
    paused_until: null,
    diagnosis: 'ok',
    remedy: null,
    requests_24h: 1500,
    budget: 2000,
    in_flight: 2,
    queued: 1,
  },
  cache: {
    entries: 12,
    bytes: 1_499_999,
    max_bytes: 268_435_456,
    hits: 989,
    stale_hits: 1,
    misses: 10,
    collapsed: 3,
  },
  shared_cache: { state: 'off' },
}

t.test('a browser gets the status as a page, all other clients get JSON', async t => {
  const { get } = await startService(t, { PUBLIC_URL: 'https://lists.example/base' })
  await get('/users/one/playlists')
  const page = await get('/status', HTML)
  t.match(page.headers, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    vary: 'Accept',
    'content-security-policy': /^default-src 'none'/,
  })
  t.match(page.body, '<strong class="good">All is well.</strong>')
  t.match(page.body, 'href="/base/problems"')
  for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.9']) {
    const json = await get('/status', { accept })
    t.match(json.json(), { spotify: { gate: 'open' } })
    t.equal(json.headers.vary, 'Accept')
  }
})

t.test('the status page shows the whole status', async t => {
  const page = statusPage(well, '')
  for (const text of [
    'open, requests pass',
    '<meter min="0" max="2000" high="1600" optimum="0" value="1500"',
    '1,500 of 2,000 requests',
    '2 in flight, 1 waiting',
    'valid until <time datetime="2026-11-23T01:00:00.000Z">',
    '12 users, 1 of 268 MB',
    '990 of 1,000 lookups (99 %), 1 of them with a stale list',
    '<dt>Shared cache</dt><dd>off</dd>',
    '1.2.3',
  ]) {
    t.match(page, text)
  }
  t.notMatch(page, /Reason|Until|Remedy/)
  const { spotify, cache } = well
  const unused = statusPage(
    {
      ...well,
      spotify: { ...spotify, budget: null, requests_24h: 1 },
      cache: { ...cache, hits: 0, stale_hits: 0, misses: 0 },
      token: { state: 'renewing', expires_at: null },
    },
    '',
  )
  t.match(unused, '1 request, without a budget')
  t.match(unused, '0 of 0 lookups, 0 of them')
  const six = { ...well, cache: { ...cache, hits: 4, stale_hits: 0, misses: 2 } }
  t.match(statusPage(six, ''), '4 of 6 lookups (67 %)')
  t.match(unused, '<dd>renewing</dd>')
  const over = { ...well, spotify: { ...spotify, requests_24h: 3000 } }
  t.match(statusPage(over, ''), 'value="2000"', 'the bar is full')
})

const noLinks = { doubtful: 0, refused: 0, ended: 0, unreadable: 0 }
const links = { state: 'ok', active: 3, ...noLinks, next_consent_end: null } as const

t.test('the status page has a section for linked accounts only while they are on', async t => {
  t.notMatch(statusPage(well, ''), 'Linked accounts')
  const of = (change: Partial<NonNullable<Status['links']>>) =>
    statusPage({ ...well, links: { ...links, ...change } }, '')
  t.match(of({}), '<dt>Links</dt><dd>3 active</dd>')
  t.notMatch(of({}), 'Next consent')
  t.match(of({ active: 0 }), '<dt>Links</dt><dd>none</dd>')
  const some = of({ doubtful: 1, unreadable: 2, next_consent_end: '2027-05-23T00:00:00.000Z' })
  t.match(some, '<dd>3 active, 1 doubtful, 2 unreadable</dd>')
  t.match(some, '<dt>Next consent ends</dt><dd><time datetime="2027-05-23T00:00:00.000Z">')
  t.match(of({ doubtful: 1 }), 'All is well.', 'a doubt ends by itself')
})

t.test('the first line on the status page says what is wrong', async t => {
  const { service, token, spotify } = well
  for (const [change, text] of [
    [{ service: { ...service, draining: true } }, 'This instance is shutting down.'],
    [{ token: { ...token, state: 'rejected' } }, 'Spotify rejects the credentials of the app.'],
    [{ spotify: { ...spotify, gate: 'paused' } }, 'Requests to Spotify are paused.'],
    [{ spotify: { ...spotify, gate: 'probing' } }, 'Requests to Spotify are paused.'],
    [{ token: { ...token, state: 'missing' } }, 'There is no app token yet.'],
    [{ spotify: { ...spotify, diagnosis: 'unavailable' } }, 'Spotify fails for some requests.'],
    [{ shared_cache: { state: 'degraded' } }, 'The shared cache is out of reach.'],
    [
      { links: { ...links, state: 'unwritable' } },
      'The file of linked accounts cannot be written.',
    ],
    [{ links: { ...links, ended: 1 } }, '1 linked account needs a person. GET /links says why.'],
    [{ links: { ...links, refused: 1, unreadable: 1 } }, '2 linked accounts need a person. '],
  ] as const) {
    t.match(statusPage({ ...well, ...change }, ''), `<strong class="bad">${text}`, text)
  }
})

t.test('the status page shows why a pause began, when it ends and what to do', async t => {
  const { get, sandbox } = await startService(t)
  sandbox.fault({ on: 'api', answer: 'quota-exceeded' })
  await get('/users/one/playlists')
  const { body } = await get('/status', HTML)
  t.match(body, '<dd>paused, no request passes</dd>')
  t.match(body, '<dt>Reason</dt><dd><code>quota-exceeded</code></dd>')
  t.match(body, /<dt>Until<\/dt><dd><time datetime="2026-11-23T/)
  t.match(body, /<dt>Remedy<\/dt><dd>[^<]+developer account/)
  const doubt = { ...well.spotify, diagnosis: 'unavailable' }
  t.match(statusPage({ ...well, spotify: doubt }, ''), '<code>unavailable</code>')
})
