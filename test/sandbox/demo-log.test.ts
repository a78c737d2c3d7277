import t from 'tap'
import { demoLine } from '../../sandbox/demo-log.ts'

const NOON = new Date(2026, 0, 31, 12, 3, 4).getTime()
const ROUTE = '/users/:id/playlists'

/** Returns what the demo prints for a line with these members, without the time. */
function shown(members: object): string | undefined {
  const line = { level: 'info', time: NOON, msg: 'request completed', ...members }
  return demoLine(JSON.stringify(line))?.replace(/^12:03:04 {2}/, '')
}

t.test('the demo prints a response with path, duration and cost', async t => {
  const response = { route: ROUTE, status: 200, duration_ms: 451.7, user_id: 'smedjan' }
  const miss = 'playlist-proxy; fwd=uri-miss; fwd-status=200; stored; ttl=299'
  t.equal(
    demoLine(
      JSON.stringify({
        level: 'info',
        time: NOON,
        msg: 'request completed',
        ...response,
        cache_status: miss,
        spotify_requests: 3,
      }),
    ),
    '12:03:04  200  /users/smedjan/playlists           452 ms  3 Spotify requests',
  )
  t.match(shown({ ...response, cache_status: miss, spotify_requests: 1 }), / {2}1 Spotify request$/)
  const hit = { ...response, level: 'debug', duration_ms: 0.4, spotify_requests: 0 }
  t.match(
    shown({ ...hit, cache_status: 'playlist-proxy; hit; ttl=299' }),
    / {2}<1 ms {2}0 Spotify requests, cached$/,
  )
  t.match(
    shown({ ...hit, cache_status: 'playlist-proxy; hit; ttl=-5' }),
    /0 Spotify requests, a stale list$/,
  )
  t.match(shown({ ...response, user_id: '#mimble!' }), '/users/%23mimble!/playlists')
  t.match(
    shown({ route: '/link/:token', status: 303 }),
    /^303 {2}\/link\/\{token\} /,
    'as in problems',
  )
  t.match(shown({ route: '/', status: 200, duration_ms: 2 }), /^200 {2}\/ +2 ms$/)
})

t.test('the demo prints a problem with path and detail', async t => {
  const problem = {
    route: null,
    status: 404,
    duration_ms: 1,
    path: '/x?y',
    msg: 'There is nothing.',
  }
  t.match(shown(problem), /^404 {2}\/x\?y +1 ms {2}There is nothing\.$/)
  t.match(shown({ ...problem, path: undefined }), /^404 +1 ms {2}There/, 'without a path')
  const unsafe = { ...problem, path: '/\u001b[31m', msg: 'two\nlines' }
  t.match(shown(unsafe), /\/\ufffd\[31m .*two\ufffdlines$/, 'no control of the terminal')
})

t.test('the demo prints events, but not at debug level', async t => {
  t.equal(shown({ msg: 'stopping' }), 'stopping')
  const err = { message: 'EADDRINUSE' }
  t.equal(shown({ level: 'fatal', msg: 'cannot listen', err }), 'fatal: cannot listen: EADDRINUSE')
  t.equal(shown({ level: 'warn', msg: 'a pause' }), 'warn: a pause')
  t.equal(shown({ level: 'debug', msg: 'a detail' }), undefined)
})

t.test('the demo prints a line from outside the log unchanged', async t => {
  for (const line of ['a warning of a package', '{"msg":7}', 'null', '{']) {
    t.equal(demoLine(line), line)
  }
})
