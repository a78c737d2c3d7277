import t from 'tap'
import { Problem } from '../../../src/problems/problem.ts'
import { accessDenied, tooManyRequests } from '../../../src/spotify/gate/diagnosis.ts'
import { failureOf } from '../../support/failure-of.ts'
import { gateFor, terms } from '../../support/gate.ts'
import { until } from '../../support/until.ts'

const outage = () => new Problem('spotify-unavailable', 'down', { transient: true })
const rejecting = (failure: unknown) => () => Promise.reject(failure)
const sent = async () => 'sent'
const of = (subject: string) => terms({ subject })

const failing = (subject: string, failure: unknown) => terms({ subject, probe: rejecting(failure) })

/** A gate that an outage has just closed for a second. */
async function closedGate() {
  const built = gateFor()
  for (const subject of ['bob', 'alice', 'bob']) {
    const failure = new Problem('spotify-bad-response', 'rubbish', { originStatus: 200 })
    await failureOf(built.gate.pass(rejecting(failure), failing(subject, failure)))
  }
  return built
}

t.test('a denial of all stops the asking, with one probe every five minutes', async t => {
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
    { level: 'info', msg: 'Spotify answers again' },
  ])
})

t.test('a denial that shows only after two responses closes it as well', async t => {
  const { gate, clock } = gateFor()
  const denial = accessDenied(401, '')
  const reported = await gate.report(denial, failing('bob', denial))
  t.match(reported, { type: 'spotify-access-denied', retryAt: clock.now() + 300_000 })
  t.match(await failureOf(gate.pass(sent, of('alice'))), { type: 'spotify-access-denied' })
})

t.test('failures of several users close it when a probe fails, of one user never', async t => {
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
})

t.test('while it is closed others learn that lookups are paused, not what others met', async t => {
  const { gate, clock, lines } = await closedGate()
  t.match(await failureOf(gate.pass(sent, of('carol'))), {
    type: 'spotify-unavailable',
    message:
      'Lookups are paused until 2026-11-23T00:00:01.000Z, since the responses of Spotify are unusable for several users. Ask again after the seconds in Retry-After.',
    retryAt: clock.now() + 1000,
    originStatus: undefined,
  })
  t.match(lines(), [{ level: 'warn', diagnosis: 'unavailable', err: { message: 'rubbish' } }])
})

t.test('one probe at a time; its own list waits for it, the others do not', async t => {
  const { gate, clock, lines } = await closedGate()
  await clock.advance(1000)
  t.match(gate.status(), { state: 'probing', pausedUntil: undefined }, 'the next one is the probe')
  let answer: ((value: string) => void) | undefined
  const probe = gate.pass(() => new Promise<string>(resolve => (answer = resolve)), of('bob'))
  await until(() => answer !== undefined)
  let sentBeside = 0
  const beside = Array.from({ length: 3 }, () => gate.pass(async () => sentBeside++, of('bob')))
  t.match(await failureOf(gate.pass(sent, of('alice'))), {
    type: 'spotify-unavailable',
    retryAt: clock.now() + 1000,
  })
  t.match(gate.status(), { state: 'probing', inFlight: 4 })
  t.equal(sentBeside, 0)
  answer?.('answered')
  t.equal(await probe, 'answered')
  await Promise.all(beside)
  t.equal(sentBeside, 3)
  t.equal(await gate.pass(sent, of('alice')), 'sent')
  t.equal(lines().at(-1)?.msg, 'Spotify answers again')
})

t.test('a probe that fails is not sent again, nor is what waited for it', async t => {
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
  t.equal(lines().length, 1, 'what goes on is no news')
})

t.test('a probe that was given up leaves its turn to the next request', async t => {
  const { gate, clock } = await closedGate()
  await clock.advance(1000)
  const leaving = new AbortController()
  const hanging = gate.pass(
    () =>
      new Promise((_, reject) =>
        leaving.signal.addEventListener('abort', () => reject(leaving.signal.reason)),
      ),
    terms({ subject: 'bob', signal: leaving.signal }),
  )
  const given = failureOf(hanging)
  await until(() => gate.status().inFlight === 1)
  const beside = failureOf(gate.pass(sent, terms({ subject: 'bob', signal: leaving.signal })))
  await clock.advance(0)
  // The failure of another page, say, which the signal carries to its neighbours.
  leaving.abort(outage())
  t.match(await given, { type: 'spotify-unavailable' })
  t.match(await beside, { type: 'spotify-unavailable' })
  t.equal(await gate.pass(sent, of('alice')), 'sent')
})

t.test('a refusal of a day is no trouble for any timer', async t => {
  const { gate, clock, lines } = gateFor()
  const refusal = tooManyRequests('QUOTA_EXCEEDED', clock.now() + 86_400_000)
  t.match(await failureOf(gate.pass(rejecting(refusal), of('bob'))), refusal)
  t.same(clock.pending, [], 'there is none')
  t.match(lines(), [{ level: 'warn', diagnosis: 'quota-exceeded' }])
  await clock.advance(86_400_000)
  t.equal(await gate.pass(sent, of('bob')), 'sent')
})

t.test('the daily budget is spent by every request, retries included', async t => {
  const { gate, clock, budget } = gateFor({ dailyBudget: 5 })
  await clock.runUntil(failureOf(gate.pass(rejecting(outage()), of('bob'))))
  t.equal(budget.spent, 3)
  t.equal(await gate.pass(sent, of('bob')), 'sent')
  const refresh = gate.pass(sent, terms({ isRefresh: true }))
  t.match(await failureOf(refresh), { type: 'quota-budget-spent' })
  t.equal(await gate.pass(sent, of('bob')), 'sent')
  t.match(await failureOf(gate.pass(sent, of('bob'))), { type: 'quota-budget-spent' })
  t.equal(gate.status().state, 'open', 'which says nothing about Spotify')
})

t.test('retries stop at a tenth of the requests', async t => {
  const { gate, clock, budget } = gateFor()
  for (let lookup = 0; lookup < 100; lookup++) {
    await gate.pass(sent, of('alice'))
    await clock.runUntil(failureOf(gate.pass(rejecting(outage()), of('bob'))))
  }
  t.ok(budget.spent > 200 && budget.spent <= 200 / 0.9 + 1, `${budget.spent} requests`)
})
