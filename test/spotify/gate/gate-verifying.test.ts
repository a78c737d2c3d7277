import t from 'tap'
import { Problem } from '../../../src/problems/problem.ts'
import { accessDenied } from '../../../src/spotify/gate/diagnosis.ts'
import { FALLBACK_SUBJECT } from '../../../src/spotify/gate/gate-evidence.ts'
import { failureOf } from '../../support/failure-of.ts'
import { gateFor, passOptions } from '../../support/gate.ts'
import { scriptedPeers } from '../../support/gate-peers.ts'
import { until } from '../../support/until.ts'

const denial = () => accessDenied(403, '')
const broken = () => new Problem('spotify-bad-response', 'malformed', { originStatus: 200 })
const rejecting = (failure: unknown) => () => Promise.reject(failure)
const sent = async () => 'sent'

/** A gate that lets the test end each probe in turn. */
function probedGate(settings: Parameters<typeof gateFor>[0] = {}) {
  const probes: { subject: string; succeed(): void; fail(failure: unknown): void }[] = []
  const probe = (subject: string) =>
    new Promise<void>((succeed, fail) => probes.push({ subject, succeed, fail }))
  const built = gateFor(settings)
  const of = (subject: string, limits = {}) => passOptions({ subject, probe, ...limits })
  const fail = (subject: string, failure: unknown, limits = {}) =>
    failureOf(built.gate.pass(rejecting(failure), of(subject, limits)))
  return { ...built, probes, of, fail }
}

/** A gate closed by an outage, after the one-second pause. */
async function closedGate(settings: Parameters<typeof gateFor>[0] = {}) {
  const built = probedGate(settings)
  const failures = [built.fail('bob', broken()), built.fail('bob', broken())]
  await Promise.all(failures)
  failures.push(built.fail('alice', broken()))
  await until(() => built.probes.length === 1)
  built.probes.shift()?.fail(broken())
  await Promise.all(failures)
  await built.clock.advance(1000)
  return built
}

t.test('a single denied user costs one probe, and other lookups go on', async t => {
  const { gate, probes, of, fail, clock, budget, lines } = probedGate()
  t.equal(await gate.pass(sent, of('alice')), 'sent')
  await clock.advance(1000)
  const denied = fail('bob', denial())
  await until(() => probes.length === 1)
  t.equal(probes[0]?.subject, 'alice', 'a user that works')
  const waiting = gate.pass(sent, of('carol'))
  await clock.advance(0)
  t.match(gate.status(), { state: 'open', inFlight: 2 })
  probes[0]?.succeed()
  t.equal(await waiting, 'sent')
  t.match(await denied, { type: 'spotify-access-denied', retryAt: clock.now() + 300_000 })
  t.equal(budget.spent, 4)
  t.same(lines(), [])
})

t.test("after startup the gate probes for Spotify's own account", async t => {
  const { gate, probes, of, fail } = probedGate()
  const denied = fail('bob', denial())
  await until(() => probes.length === 1)
  t.equal(probes[0]?.subject, FALLBACK_SUBJECT)
  probes[0]?.fail(denial())
  await denied
  t.match(await failureOf(gate.pass(sent, of('alice'))), { type: 'spotify-access-denied' })
})

t.test('while other users work, failures cause at most one probe per second', async t => {
  const { gate, probes, of, fail, clock } = probedGate()
  for (let second = 0; second < 3; second++) {
    t.equal(await gate.pass(sent, of('alice')), 'sent')
    for (const user of ['a', 'b', 'c', 'd']) await fail(`${user}${second}`, broken())
    await fail(`denied${second}`, denial())
    await clock.advance(999)
    t.equal(await gate.pass(sent, of('alice')), 'sent', `${second}`)
  }
  t.equal(probes.length, 0)
})

t.test('a request for a working user is itself the probe', async t => {
  const { gate, probes, of, fail, clock } = probedGate()
  t.equal(await gate.pass(sent, of('alice')), 'sent')
  await fail('bob', denial())
  await clock.advance(1000)
  t.equal(await gate.pass(sent, of('alice')), 'sent')
  t.equal(probes.length, 0)
})

t.test(
  'while a probe for another user is in flight, list pages wait and other lookups fail',
  async t => {
    const { gate, probes, of, clock } = await closedGate()
    t.equal(
      await gate.pass(sent, of('worked')),
      'sent',
      'this time the request itself is the probe',
    )
    for (const user of ['bob', 'alice', 'bob'])
      await failureOf(gate.pass(rejecting(broken()), of(user)))
    await clock.advance(1000)
    let pages = 0
    const list = Array.from({ length: 3 }, () => gate.pass(async () => pages++, of('carol')))
    await until(() => probes.length === 1)
    probes.shift()?.fail(broken())
    t.match(await Promise.all(list.map(failureOf)), Array(3).fill({ type: 'spotify-unavailable' }))
    await clock.advance(1000)
    const again = Array.from({ length: 3 }, () => gate.pass(async () => pages++, of('carol')))
    await until(() => probes.length === 1)
    t.match(gate.status(), { state: 'probing', inFlight: 3 })
    t.match(await failureOf(gate.pass(sent, of('dave'))), { message: /^Lookups are paused/ })
    probes.shift()?.succeed()
    await Promise.all(again)
    t.equal(pages, 3)
  },
)

t.test('after an inconclusive probe the next request sends another', async t => {
  const { gate, probes, of, fail } = probedGate()
  const denied = fail('bob', denial())
  await until(() => probes.length === 1)
  probes.shift()?.fail(new Error('the token was at fault'))
  t.match(await denied, { type: 'spotify-access-denied' }, 'the caller gets its own failure')
  const first = failureOf(gate.pass(sent, of('alice')))
  await until(() => probes.length === 1)
  probes.shift()?.fail(new TypeError('a bug'))
  t.match(await first, { message: 'a bug' })
  const second = gate.pass(sent, of('alice'))
  await until(() => probes.length === 1)
  probes.shift()?.succeed()
  t.equal(await second, 'sent')
})

t.test('a cancelled lookup sends no probe', async t => {
  const { gate, probes, of, fail } = probedGate()
  const leaving = new AbortController()
  const denied = failureOf(
    gate.pass(
      async () => {
        leaving.abort(new Error('enough'))
        throw denial()
      },
      of('bob', { signal: leaving.signal }),
    ),
  )
  t.match(await denied, { type: 'spotify-access-denied' })
  t.equal(probes.length, 0)
  const late = fail('alice', denial())
  await until(() => probes.length === 1)
  probes[0]?.fail(broken())
  t.match(await late, { message: /^Lookups are paused/ })
})

t.test('if only the failed user could be probed, the next request is the probe', async t => {
  const { gate, probes, of, fail } = probedGate()
  t.match(await fail(FALLBACK_SUBJECT, denial()), { type: 'spotify-access-denied' })
  t.equal(probes.length, 0)
  const next = gate.pass(sent, of('alice'))
  await until(() => probes.length === 1)
  probes[0]?.succeed()
  t.equal(await next, 'sent')
})

t.test('a probe counts against the budget', async t => {
  const { gate, of, fail, probes } = probedGate({ dailyBudget: 1 })
  t.match(await fail('bob', denial()), { type: 'spotify-access-denied' })
  t.match(await failureOf(gate.pass(sent, of('alice'))), { type: 'quota-budget-spent' })
  t.equal(probes.length, 0)
})

t.test('each gate verifies failures itself before it publishes a pause', async t => {
  const { peers, published } = scriptedPeers()
  const { gate, probes, of, fail, clock } = probedGate({ peers })
  const denied = fail('bob', denial())
  await until(() => probes.length === 1)
  t.same(published, [])
  probes.shift()?.succeed()
  await denied
  t.same(published, [])
  await clock.advance(1000)
  const again = fail('carol', denial())
  await until(() => probes.length === 1)
  probes.shift()?.fail(denial())
  await again
  t.same(published, [['paused', 'spotify-access-denied', clock.now() + 300_000, 0]])
  await clock.advance(300_000)
  t.equal(await gate.pass(sent, of('dave')), 'sent')
  t.same(published.slice(1), [['probe'], ['opened', clock.now()], ['probe ended']])
})

t.test('an outage pause lasts until the Retry-After instant', async t => {
  const { gate, probes, fail, of, clock } = probedGate()
  const retryAt = clock.now() + 60_000
  const named = () => new Problem('spotify-unavailable', 'down', { originStatus: 503, retryAt })
  await fail('bob', named())
  await fail('alice', named())
  const last = fail('bob', broken())
  await until(() => probes.length === 1)
  probes[0]?.fail(named())
  t.match(await last, { type: 'spotify-bad-response', message: 'malformed', retryAt })
  t.match(await failureOf(gate.pass(sent, of('carol'))), { retryAt })
})
