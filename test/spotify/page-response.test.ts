import t from 'tap'
import { Problem } from '../../src/problems/problem.ts'
import { readPage } from '../../src/spotify/page-response.ts'

const NOW = Date.UTC(2026, 10, 23)

function problemOf(status: number, body: unknown, headers: Record<string, string> = {}): Problem {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  try {
    readPage({ status, headers, body: text }, 240, NOW)
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error('readPage returned a page')
}

const pageOf = (items: unknown[]) => ({ total: 120, items })

t.test('a page can have up to twice the requested entries', async t => {
  for (const count of [0, 49, 50, 51, 100]) {
    const body = JSON.stringify(pageOf(Array(count).fill(null)))
    t.equal(readPage({ status: 200, headers: {}, body }, 240, NOW).entries.length, count)
  }
})

t.test('a page with more than 100 entries of any kind is a bad response', async t => {
  for (const [entry, count] of [
    [null, 101],
    [{}, 101],
    [7, 101],
    [{}, 600_000],
  ] as const) {
    const problem = problemOf(200, pageOf(Array(count).fill(entry)))
    t.equal(problem.type, 'spotify-bad-response')
    t.match(problem.message, /more than 100 entries/)
    t.equal(problem.transient, false)
  }
})

t.test('only a failure with a temporary status is transient', async t => {
  for (const status of [408, 421, 425, 500, 502, 503, 504, 599]) {
    const problem = problemOf(status, '')
    t.match(problem, { type: 'spotify-unavailable', transient: true, originStatus: status })
  }
  for (const status of [204, 206, 302, 304, 400, 402, 405, 409, 410, 418, 422, 428, 451]) {
    const problem = problemOf(status, '')
    t.match(problem, { type: 'spotify-bad-response', transient: false, originStatus: status })
  }
})

t.test('a Retry-After sets the next attempt and prevents an immediate retry', async t => {
  const date = new Date(NOW + 60_000).toUTCString()
  for (const status of [302, 400, 408, 418, 500, 502, 503, 504]) {
    for (const [field, seconds] of [
      ['60', 60],
      [date, 60],
      ['5, 60', 60],
      ['999999', 86_400],
    ] as const) {
      const problem = problemOf(status, '', { 'retry-after': field })
      t.equal(problem.retryAt, NOW + seconds * 1000, `${status} ${field}`)
      t.equal(problem.transient, false, 'no retry')
    }
    for (const field of ['', '0', '-1', '1.5', 'soon', new Date(NOW).toUTCString()]) {
      const problem = problemOf(status, '', { 'retry-after': field })
      t.equal(problem.retryAt, undefined, `${status} ${field}`)
      t.equal(problem.transient, problemOf(status, '').transient)
    }
  }
})

t.test('the problem for a 400 describes the fault in the request', async t => {
  for (const [message, explanation] of [
    ['Invalid limit', /refuses pages of 50 playlists/],
    ['invalid limit: 50', /refuses pages of 50 playlists/],
    ['Invalid offset', /this far from the first/],
    ['Only valid bearer authentication supported', /syntax of the access token/],
  ] as const) {
    for (const body of [{ error: { status: 400, message } }, message]) {
      const problem = problemOf(400, body)
      t.equal(problem.type, 'spotify-bad-response')
      t.match(problem.message, explanation)
      t.match(problem.message, /^request-refused: .*Update this service/)
      t.equal(problem.originStatus, 400)
    }
  }
  t.match(problemOf(400, 'Invalid username').message, /its status is 400/)
  t.notMatch(
    problemOf(400, 'canary Invalid limit').message,
    /canary/,
    'the problem does not echo the body',
  )
})

t.test('a page keeps a string href', async t => {
  const hrefOf = (href: unknown) => {
    const body = JSON.stringify({ ...pageOf([]), href })
    return readPage({ status: 200, headers: {}, body }, 240, NOW).href
  }
  t.equal(
    hrefOf('https://api.spotify.com/v1/users/x/playlists'),
    'https://api.spotify.com/v1/users/x/playlists',
  )
  for (const href of [undefined, null, 7, {}]) t.equal(hrefOf(href), undefined)
})
