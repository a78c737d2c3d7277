import t from 'tap'
import { freePort } from '../../sandbox/free-port.ts'
import { causeCode } from '../../src/lib/logger.ts'
import { startService } from '../support/service.ts'

const withCode = (code: unknown, cause?: unknown) =>
  Object.assign(new Error('canary', { cause }), { code })
const around = (cause: unknown) => new Error('outside', { cause })

t.test("causeCode finds the innermost cause's code and ignores other values", async t => {
  t.equal(causeCode(around(withCode('ENOTFOUND'))), 'ENOTFOUND')
  t.equal(causeCode(around(around(withCode('UND_ERR_SOCKET')))), 'UND_ERR_SOCKET')
  t.equal(causeCode(around(withCode('Bearer canary', withCode('EPIPE')))), 'EPIPE')
  t.equal(causeCode(around(withCode(7))), undefined)
  t.equal(causeCode(around('ENOTFOUND')), undefined)
  t.equal(
    causeCode(withCode('ENOTFOUND')),
    undefined,
    'the code of the error itself does not count',
  )
  const looped = new Error('loop')
  looped.cause = looped
  t.equal(causeCode(looped), undefined)
})

t.test('the log line of a refused connection has its code', async t => {
  const SPOTIFY_API_URL = `http://127.0.0.1:${await freePort()}/v1`
  const { get, clock, lines } = await startService(t, { SPOTIFY_API_URL })
  await clock.runUntil(get('/users/one/playlists'))
  t.match(
    lines().filter(line => 'route' in line),
    [{ problem: 'spotify-unavailable', cause_code: 'ECONNREFUSED' }],
  )
})

t.test(
  'the log line has the error code if Spotify resets the connection, but none for a 404',
  async t => {
    const { get, clock, sandbox, lines } = await startService(t)
    const repair = sandbox.fault({ on: 'api', answer: 'reset' })
    await clock.runUntil(get('/users/one/playlists'))
    repair()
    sandbox.fault({ on: 'api', answer: 'not-found' })
    await get('/users/two/playlists')
    const [broken, missing] = lines().filter(line => 'route' in line)
    t.match(broken, { cause_code: /^(?:UND_ERR_SOCKET|ECONNRESET)$/ })
    t.notOk('cause_code' in (missing ?? {}))
  },
)
