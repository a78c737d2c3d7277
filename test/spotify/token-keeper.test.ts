import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { send, status } from '../../sandbox/answer.ts'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { TokenKeeper, type TokenKeeperOptions } from '../../src/spotify/token-keeper.ts'
import { createTransport } from '../../src/spotify/transport.ts'
import { failureOf } from '../support/failure-of.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'

async function keeperFor(t: Test, overrides: Partial<TokenKeeperOptions> = {}) {
  const clock = new ManualClock()
  const sandbox = await startSandbox({ now: () => clock.now() })
  const { port } = new URL(sandbox.tokenUrl)
  const transport = createTransport(`http://127.0.0.1:${port}`, 1, {
    clock,
    timeoutMs: 5000,
    maxBytes: 65_536,
  })
  const { logger, lines } = recordingLogger()
  const keeper = new TokenKeeper({
    transport,
    path: '/api/token',
    clientId: sandbox.clientId,
    clientSecret: sandbox.clientSecret,
    clock,
    random: () => 0,
    log: logger,
    observe: () => {},
    ...overrides,
  })
  t.teardown(async () => {
    keeper.stop()
    await transport.close()
    await sandbox.close()
  })
  /** Resolves once the keeper has handled the response to the nth request. */
  const settled = async (requests: number) => {
    await sandbox.arrived('token', requests)
    await until(() => clock.pending.length === 1 && clock.pending[0] !== 5000)
  }
  return { keeper, clock, sandbox, lines, settled }
}

t.test('all callers share the first token request', async t => {
  const { keeper, sandbox } = await keeperFor(t)
  t.equal(keeper.problem?.type, 'spotify-unavailable', 'no token yet')
  keeper.start()
  const tokens = await Promise.all(Array.from({ length: 50 }, () => keeper.token()))
  t.same(new Set(tokens), new Set(sandbox.issuedTokens))
  t.equal(sandbox.count('token'), 1)
  t.equal(keeper.problem, undefined)
})

t.test('a token can follow a byte order mark or be in x-gzip', async t => {
  const body = '{"access_token":"BQx","expires_in":3600}'
  for (const [bytes, headers] of [
    [Buffer.from(`\uFEFF${body}`), {}],
    [gzipSync(body), { 'content-encoding': 'x-gzip' }],
  ] as const) {
    const { keeper, sandbox } = await keeperFor(t)
    sandbox.fault({ on: 'token', answer: ({ res }) => send(res, 200, bytes, headers) })
    t.equal(await keeper.token(), 'BQx')
  }
})

t.test('a token is renewed in the background well before it expires', async t => {
  const cases = [
    { lifetime: 3600, random: 0, renewedAfter: 2880 },
    { lifetime: 3600, random: 0.5, renewedAfter: 2844 },
    { lifetime: 600, random: 0, renewedAfter: 480 },
    { lifetime: 200, random: 0, renewedAfter: 140 },
    { lifetime: 120, random: 0.5, renewedAfter: 60 },
    { lifetime: 30, random: 0.5, renewedAfter: 15 },
  ]
  for (const { lifetime, random, renewedAfter } of cases) {
    await t.test(`${lifetime} s with jitter ${random}: after ${renewedAfter} s`, async t => {
      const { keeper, sandbox, clock, settled } = await keeperFor(t, { random: () => random })
      sandbox.tokenLifetimeSeconds = lifetime
      keeper.start()
      await settled(1)
      const first = await keeper.token()
      await clock.advance(renewedAfter * 1000 - 1)
      t.equal(sandbox.count('token'), 1)
      await clock.advance(1)
      await settled(2)
      t.not(await keeper.token(), first, 'the new token')
      t.equal(sandbox.count('token'), 2, 'one request')
    })
  }
})

t.test('while renewals fail, the old token is used and the back-off doubles', async t => {
  const { keeper, sandbox, clock, lines, settled } = await keeperFor(t)
  keeper.start()
  await settled(1)
  const first = await keeper.token()
  const repair = sandbox.fault({ on: 'token', answer: 'unavailable-text' })
  await clock.advance(2_880_000)
  const delays: number[] = []
  for (let failures = 1; failures <= 9; failures++) {
    await settled(1 + failures)
    const [delay = 0] = clock.pending
    delays.push(delay)
    if (failures < 5) t.equal(await keeper.token(), first)
    await clock.advance(delay)
  }
  t.same(delays, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  t.equal(lines().filter(line => line.msg === 'app token renewal failed').length, 1, 'logged once')

  await settled(11)
  repair()
  await clock.advance(30_000)
  await settled(12)
  t.not(await keeper.token(), first)
  t.equal(lines().at(-1)?.msg, 'app token renewed after failures')
})

t.test('until the next attempt, token() throws the last failure if there is no token', async t => {
  const { keeper, sandbox, clock, settled } = await keeperFor(t)
  sandbox.fault({ on: 'token', times: 1, answer: 'unavailable-html' })
  keeper.start()
  await settled(1)
  const expected = { type: 'spotify-unavailable', retryAt: clock.now() + 500 }
  for (let asked = 0; asked < 3; asked++) t.match(await failureOf(keeper.token()), expected)
  t.equal(sandbox.count('token'), 1)
  t.match(keeper.problem, expected)
  await clock.advance(500)
  await settled(2)
  t.equal(await keeper.token(), sandbox.issuedTokens[0])
})

t.test('a token that expires during an outage is not returned', async t => {
  const { keeper, sandbox, clock, settled } = await keeperFor(t)
  sandbox.tokenLifetimeSeconds = 2
  keeper.start()
  await settled(1)
  sandbox.fault({ on: 'token', answer: 'server-error' })
  await clock.advance(1000)
  await settled(2)
  t.equal(keeper.problem, undefined)
  await clock.advance(500)
  await settled(3)
  await clock.advance(500)
  t.equal(keeper.problem?.type, 'spotify-unavailable')
  t.match(await failureOf(keeper.token()), { type: 'spotify-unavailable' })
})

t.test('rejected credentials are retried at most once a minute and logged once', async t => {
  for (const answer of ['invalid-client', 'invalid-client-401'] as const) {
    await t.test(answer, async t => {
      const { keeper, sandbox, clock, lines, settled } = await keeperFor(t)
      sandbox.fault({ on: 'token', answer })
      keeper.start()
      await settled(1)
      t.match(await failureOf(keeper.token()), { type: 'spotify-credentials-rejected' })
      await clock.advance(59_999)
      t.equal(sandbox.count('token'), 1)
      await clock.advance(1)
      await settled(2)
      const logged = lines().filter(line => line.msg === 'app token renewal failed')
      t.match(logged, [{ level: 'error' }])
    })
  }
})

t.test('fifty 401s for one token cost a single renewal', async t => {
  const { keeper, sandbox } = await keeperFor(t)
  keeper.start()
  const refused = await keeper.token()
  const renewed = await Promise.all(Array.from({ length: 50 }, () => keeper.replace(refused)))
  t.same(new Set(renewed), new Set([sandbox.issuedTokens[1]]))
  t.equal(await keeper.replace(refused), sandbox.issuedTokens[1], 'also after the renewal')
  t.equal(sandbox.count('token'), 2)
})

t.test('a replacement token is kept for a minute', async t => {
  const { keeper, sandbox, clock, settled } = await keeperFor(t)
  keeper.start()
  const renewed = await keeper.replace(await keeper.token())
  t.equal(await keeper.replace(renewed), renewed)
  await clock.advance(59_999)
  t.equal(await keeper.replace(renewed), renewed)
  await clock.advance(1)
  t.not(await keeper.replace(renewed), renewed)
  t.equal(sandbox.count('token'), 3)
  await settled(3)
  t.equal(clock.pending.length, 1, 'one timer')
})

t.test('nothing is sent to the token endpoint before the Retry-After instant', async t => {
  for (const code of [429, 503, 500, 401]) {
    await t.test(String(code), async t => {
      const { keeper, sandbox, clock, settled } = await keeperFor(t)
      const answer = status(code, '', { 'retry-after': '100' })
      sandbox.fault({ on: 'token', times: 1, answer })
      keeper.start()
      await settled(1)
      for (const afterMs of [0, 60_000, 39_999]) {
        await clock.advance(afterMs)
        const failure = (await failureOf(keeper.token())) as { retryAt: number }
        t.equal(failure.retryAt, Date.UTC(2026, 10, 23) + 100_000)
      }
      t.equal(sandbox.count('token'), 1)
      await clock.advance(1)
      await settled(2)
      t.ok(await keeper.token())
    })
  }
})

t.test('renewal of a valid token waits for the Retry-After instant', async t => {
  const { keeper, sandbox, clock, settled } = await keeperFor(t)
  keeper.start()
  await settled(1)
  const first = await keeper.token()
  sandbox.fault({ on: 'token', times: 1, answer: status(503, '', { 'retry-after': '600' }) })
  await clock.advance(2_880_000)
  await settled(2)
  t.match(await failureOf(keeper.replace(first)), { type: 'spotify-unavailable' })
  await clock.advance(599_999)
  t.equal(sandbox.count('token'), 2)
  await clock.advance(1)
  await settled(3)
  t.not(await keeper.token(), first)
})

t.test('stop() cancels the timer and the renewal in flight', async t => {
  const { keeper, sandbox, clock, settled } = await keeperFor(t)
  keeper.start()
  await settled(1)
  const release = sandbox.hold('token')
  await clock.advance(2_880_000)
  await sandbox.arrived('token', 2)
  const waiting = keeper.replace(await keeper.token())
  keeper.stop()
  t.match(await failureOf(waiting), { type: 'shutting-down' })
  t.match(await failureOf(keeper.token()), { type: 'shutting-down' })
  t.same(clock.pending, [])
  release()
})

t.test('a token request is also retried after an unexpected error', async t => {
  const send = () => Promise.reject(new TypeError('a bug'))
  const transport = { send, close: async () => {} }
  const { keeper, clock } = await keeperFor(t, { transport })
  t.match(await failureOf(keeper.token()), { type: 'internal-error' })
  t.same(clock.pending, [500])
})
