import t from 'tap'
import { Problem } from '../../../src/problems/problem.ts'
import { accessDenied, tooManyRequests } from '../../../src/spotify/gate/diagnosis.ts'
import { failureOf } from '../../support/failure-of.ts'
import { gateFor, passOptions } from '../../support/gate.ts'
import { until } from '../../support/until.ts'

const outage = () => new Problem('spotify-unavailable', 'down', { transient: true })
const rejecting = (failure: unknown) => () => Promise.reject(failure)
const sent = async () => 'sent'
const of = (subject: string) => passOptions({ subject })

const failing = (subject: string, failure: unknown) =>
  passOptions({ subject, probe: rejecting(failure) })

/** A gate closed for a second by an outage. */
async function closedGate() {
  const built = gateFor()
  for (const subject of ['bob', 'alice', 'bob']) {
    const failure = new Problem('spotify-bad-response', 'malformed', { originStatus: 200 })
    await failureOf(built.gate.pass(rejecting(failure), failing(subject, failure)))
  }
  return built
}

t.test('when Spotify denies the app, the gate probes once every five minutes', async t => {
  const { gate, clock, lines } = gateFor()
  const denied = accessDenied(403, '{"error": {"status": 403, "message": "Forbidden" } }')
  const type = 'spotify-access-denied'
  t.match(await failureOf(gate.pass(rejecting(denied), failing('bob', denied))), {
    type,
    retryAt: clock.now() + 300_000,
    originStatus: 403,
  })
  await clock.advance(299_999)
  t.match(await failureOf(gate.pass(sent, of('alice'))), {
    type,
    message:
      /^endpoint-forbidden: .* extended quota\. Lookups are paused until .*T00:05:00\.000Z\.$/,
    retryAt: clock.now() + 1,
    originStatus: undefined,
  })
  await clock.advance(1)
  await failureOf(gate.pass(rejecting(denied), failing('alice', denied)))
  t.match(await failureOf(gate.pass(sent, of('bob'))), { type, retryAt: clock.now() + 300_000 })
  await clock.advance(300_000)
  t.equal(await gate.pass(sent, of('bob')), 'sent')
  t.match(lines(), [
    {
      level: 'error',
      diagnosis: 'endpoint-forbidden',
      remedy: /extended quota/,
      paused_until: '2026-11-23T00:05:00.000Z',
      msg: 'requests to Spotify are paused',
    },
    { level: 'info', msg: 'requests to Spotify resume' },
  ])
})

t.test('a denial found only in a second response also closes the gate', async t => {
  const { gate, clock } = gateFor()
  const denial = accessDenied(401, '')
  const reported = await gate.report(denial, failing('bob', denial))
  t.match(reported, { type: 'spotify-access-denied', retryAt: clock.now() + 300_000 })
  t.match(await failureOf(gate.pass(sent, of('alice'))), { type: 'spotify-access-denied' })
})

t.test(
  'failures for several users close the gate if a probe fails; failures for one user never do',
  async t => {
    const { gate, clock } = gateFor()
    const bob = failing('bob', outage())
    for (let lookup = 0; lookup < 20; lookup++) {
      await clock.runUntil(failureOf(gate.pass(rejecting(outage()), bob)))
    }
    t.match(gate.status(), { state: 'open', diagnosis: undefined, pausedUntil: undefined })
    t.match(await failureOf(gate.pass(rejecting(outage()), failing('alice', outage()))), {
      type: 'spotify-unavailable',
      retryAt: clock.now() + 1000,
    })
    t.match(gate.status(), {
      state: 'paused',
      diagnosis: { name: 'unavailable' },
      pausedUntil: clock.now() + 1000,
    })
  },
)

t.test("a closed gate does not reveal other users' failures", async t => {
  const { gate, clock, lines } = await closedGate()
  t.match(await failureOf(gate.pass(sent, of('carol'))), {
    type: 'spotify-unavailable',
    message:
      'Lookups are paused until 2026-11-23T00:00:01.000Z, because the responses of Spotify are unusable for several users. Wait as long as Retry-After says.',
    retryAt: clock.now() + 1000,
    originStatus: undefined,
  })
  t.match(lines(), [{ level: 'warn', diagnosis: 'unavailable', err: { message: 'malformed' } }])
})

t.test('pages from the probed list wait for the probe; other lookups fail immediately', async t => {
  const { gate, clock, lines } = await closedGate()
  await clock.advance(1000)
  t.match(
    gate.status(),
    { state: 'probing', pausedUntil: undefined },
    'the next request is the probe',
  )
  let respond: ((value: string) => void) | undefined
  const probe = gate.pass(() => new Promise<string>(resolve => (respond = resolve)), of('bob'))
  await until(() => respond !== undefined)
  let sentBeside = 0
  const beside = Array.from({ length: 3 }, () => gate.pass(async () => sentBeside++, of('bob')))
  t.match(await failureOf(gate.pass(sent, of('alice'))), {
    type: 'spotify-unavailable',
    retryAt: clock.now() + 1000,
  })
  t.match(gate.status(), { state: 'probing', inFlight: 4 })
  t.equal(sentBeside, 0)
  respond?.('response')
  t.equal(await probe, 'response')
  await Promise.all(beside)
  t.equal(sentBeside, 3)
  t.equal(await gate.pass(sent, of('alice')), 'sent')
  t.equal(lines().at(-1)?.msg, 'requests to Spotify resume')
})

t.test('neither a failed probe nor the pages waiting for it are retried', async t => {
  const { gate, clock, lines } = await closedGate()
  await clock.advance(1000)
  let attempts = 0
  const failing = () => {
    attempts++
    return Promise.reject(outage())
  }
  const pages = Array.from({ length: 3 }, () => failureOf(gate.pass(failing, of('bob'))))
  for (const failure of await Promise.all(pages)) {
    t.match(failure, { type: 'spotify-unavailable', retryAt: clock.now() + 2000 })
  }
  t.equal(attempts, 1)
  t.equal(lines().length, 1, 'another failed probe logs nothing')
})

t.test('after a cancelled probe the next request is the probe', async t => {
  const { gate, clock } = await closedGate()
  await clock.advance(1000)
  const leaving = new AbortController()
  const hanging = gate.pass(
    () =>
      new Promise((_, reject) =>
        leaving.signal.addEventListener('abort', () => reject(leaving.signal.reason)),
      ),
    passOptions({ subject: 'bob', signal: leaving.signal }),
  )
  const given = failureOf(hanging)
  await until(() => gate.status().inFlight === 1)
  const beside = failureOf(gate.pass(sent, passOptions({ subject: 'bob', signal: leaving.signal })))
  await clock.advance(0)
  // For example, because another page in the list failed.
  leaving.abort(outage())
  t.match(await given, { type: 'spotify-unavailable' })
  t.match(await beside, { type: 'spotify-unavailable' })
  t.equal(await gate.pass(sent, of('alice')), 'sent')
})

t.test('a day-long pause needs no timer', async t => {
  const { gate, clock, lines } = gateFor()
  const refusal = tooManyRequests('QUOTA_EXCEEDED', clock.now() + 86_400_000)
  t.match(await failureOf(gate.pass(rejecting(refusal), of('bob'))), refusal)
  t.same(clock.pending, [], 'no timer')
  t.match(lines(), [{ level: 'warn', diagnosis: 'quota-exceeded' }])
  await clock.advance(86_400_000)
  t.equal(await gate.pass(sent, of('bob')), 'sent')
})

t.test('every request counts against the daily budget, including retries', async t => {
  const { gate, clock, budget } = gateFor({ dailyBudget: 5 })
  await clock.runUntil(failureOf(gate.pass(rejecting(outage()), of('bob'))))
  t.equal(budget.spent, 3)
  t.equal(await gate.pass(sent, of('bob')), 'sent')
  const revalidation = gate.pass(sent, passOptions({ isRevalidation: true }))
  t.match(await failureOf(revalidation), { type: 'quota-budget-spent' })
  t.equal(await gate.pass(sent, of('bob')), 'sent')
  t.match(await failureOf(gate.pass(sent, of('bob'))), { type: 'quota-budget-spent' })
  t.equal(gate.status().state, 'open', 'a spent budget does not close the gate')
})

t.test('retries are limited to a tenth of the requests', async t => {
  const { gate, clock, budget } = gateFor()
  for (let lookup = 0; lookup < 100; lookup++) {
    await gate.pass(sent, of('alice'))
    await clock.runUntil(failureOf(gate.pass(rejecting(outage()), of('bob'))))
  }
  t.ok(budget.spent > 200 && budget.spent <= 200 / 0.9 + 1, `${budget.spent} requests`)
})
