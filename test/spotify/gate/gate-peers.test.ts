import t from 'tap'
import { Problem } from '../../../src/problems/problem.ts'
import { tooManyRequests } from '../../../src/spotify/gate/diagnosis.ts'
import { budgetSpent, type Refund } from '../../../src/spotify/gate/request-quota.ts'
import { failureOf } from '../../support/failure-of.ts'
import { gateFor, passOptions } from '../../support/gate.ts'
import { scriptedPeers } from '../../support/gate-peers.ts'
import { until } from '../../support/until.ts'

const sent = async () => 'sent'
const of = (subject: string) => passOptions({ subject })
const limited = (until: number) => tooManyRequests('', until)
const START = Date.UTC(2026, 10, 23)

/** A budget that lets the test grant or refuse each reservation in turn. */
function scriptedBudget() {
  const reservations: { grant(): void; refuse(): void }[] = []
  const state = { reserved: 0, refunded: 0 }
  const reserve = () =>
    new Promise<Refund>((resolve, reject) =>
      reservations.push({
        grant: () => {
          state.reserved++
          resolve(() => state.refunded++)
        },
        refuse: () => reject(budgetSpent(1, 0)),
      }),
    )
  return { budget: { limit: 1, spent: 0, reserve, check() {} }, reservations, state }
}

t.test('the gate publishes each pause and its end once', async t => {
  const { peers, published } = scriptedPeers()
  const { gate, clock } = gateFor({ peers })
  await failureOf(gate.pass(() => Promise.reject(limited(START + 3000)), of('bob')))
  await failureOf(gate.pass(sent, of('bob')))
  await clock.advance(3000)
  t.equal(await gate.pass(sent, of('bob')), 'sent')
  t.equal(await gate.pass(sent, of('bob')), 'sent')
  t.strictSame(published, [
    ['paused', 'spotify-rate-limited', START + 3000, 0],
    ['probe'],
    ['opened', START + 3000],
    ['probe ended'],
  ])
})

t.test("a peer's pause pauses this gate, which does not publish it again", async t => {
  const { peers, published, remote } = scriptedPeers()
  const { gate, clock, lines } = gateFor({ peers })
  remote().paused({ cause: limited(START + 5000), until: START + 5000, pauses: 0 })
  t.match(await failureOf(gate.pass(sent, of('bob'))), {
    type: 'spotify-rate-limited',
    retryAt: START + 5000,
  })
  remote().paused({ cause: limited(START + 4000), until: START + 4000, pauses: 0 })
  await clock.advance(4999)
  t.match(gate.status(), { state: 'paused', pausedUntil: START + 5000 }, 'the longer pause counts')
  t.strictSame(published, [])
  remote().opened(START + 4999)
  t.equal(gate.status().state, 'paused', 'a probe sent before the end changes nothing')
  await clock.advance(1)
  remote().opened(START + 5000)
  t.equal(await gate.pass(sent, of('bob')), 'sent')
  remote().opened(START + 5000)
  t.strictSame(published, [])
  t.strictSame(
    lines().map(({ msg }) => msg),
    ['requests to Spotify are paused', 'requests to Spotify resume'],
  )
})

t.test('while a peer probes, this gate refuses lookups', async t => {
  let asked = 0
  const { peers, remote } = scriptedPeers(async () => asked++ > 1)
  const { gate, clock } = gateFor({ peers })
  remote().paused({ cause: limited(START + 1000), until: START + 1000, pauses: 0 })
  await clock.advance(1000)
  const two = [gate.pass(sent, of('bob')), gate.pass(sent, of('bob'))].map(failureOf)
  t.match(await Promise.all(two), [{ retryAt: START + 2000 }, { retryAt: START + 2000 }])
  t.match(await failureOf(gate.pass(sent, of('alice'))), { type: 'spotify-rate-limited' })
  t.equal(asked, 1, 'one attempt to acquire the probe for all of them')
  t.match(gate.status(), { state: 'probing', pausedUntil: undefined })
  await clock.advance(1000)
  await failureOf(gate.pass(sent, of('bob')))
  t.equal(asked, 2)
  remote().opened(START + 1500)
  t.equal(await gate.pass(sent, of('bob')), 'sent')
  remote().paused({ cause: limited(START + 3000), until: START + 3000, pauses: 0 })
  await clock.advance(1000)
  t.equal(await gate.pass(sent, of('bob')), 'sent', 'this gate has the probe')
})

t.test('a pause arriving while the gate acquires the probe stops the request', async t => {
  let allow: ((may: boolean) => void) | undefined
  const { peers, published, remote } = scriptedPeers(
    () => new Promise(resolve => (allow = resolve)),
  )
  const { gate, clock } = gateFor({ peers })
  for (const may of [true, false]) {
    const end = clock.now() + 1000
    remote().paused({ cause: limited(end), until: end, pauses: 0 })
    await clock.advance(1000)
    const probe = failureOf(gate.pass(sent, of('bob')))
    await until(() => allow !== undefined)
    remote().paused({ cause: limited(end + 9000), until: end + 9000, pauses: 0 })
    allow?.(may)
    allow = undefined
    t.match(await probe, { type: 'spotify-rate-limited', retryAt: end + 9000 })
    t.match(gate.status(), { state: 'paused', pausedUntil: end + 9000 })
    await clock.advance(9000)
    remote().opened(clock.now())
  }
  t.strictSame(published, [['probe'], ['probe ended']])
})

t.test('a probe does not end a pause begun while it was in flight', async t => {
  const { peers, published, remote } = scriptedPeers()
  const { gate, clock } = gateFor({ peers })
  remote().paused({ cause: limited(START + 1000), until: START + 1000, pauses: 0 })
  await clock.advance(1000)
  let respond: ((value: string) => void) | undefined
  const probe = gate.pass(() => new Promise<string>(resolve => (respond = resolve)), of('bob'))
  await until(() => respond !== undefined)
  remote().paused({ cause: limited(START + 9000), until: START + 9000, pauses: 0 })
  respond?.('response')
  t.equal(await probe, 'response')
  t.match(gate.status(), { state: 'paused', pausedUntil: START + 9000 })
  t.strictSame(published, [['probe'], ['probe ended']])
})

t.test('a pause, an abort or the deadline during the reservation stops the request', async t => {
  const { budget, reservations, state } = scriptedBudget()
  const { peers, remote } = scriptedPeers()
  const { gate, clock } = gateFor({ peers, budget })
  const leaving = new AbortController()
  const paused = gate.pass(sent, of('bob'))
  const aborted = gate.pass(sent, passOptions({ signal: leaving.signal }))
  const late = gate.pass(sent, passOptions({ startByMs: 10 }))
  const failures = [paused, aborted, late].map(failureOf)
  await until(() => reservations.length === 3)
  leaving.abort(new Problem('shutting-down', 'enough'))
  reservations[1]?.grant()
  t.match(await failures[1], { message: 'enough' })
  await clock.advance(11)
  reservations[2]?.grant()
  t.match(await failures[2], { type: 'deadline-exceeded' })
  remote().paused({ cause: limited(START + 5000), until: START + 5000, pauses: 0 })
  reservations[0]?.grant()
  t.match(await failures[0], { type: 'spotify-rate-limited' })
  t.same(state, { reserved: 3, refunded: 3 }, 'requests that were not sent are refunded')
})

t.test('after the budget refuses a probe, the next request is the probe', async t => {
  const { budget, reservations, state } = scriptedBudget()
  const { peers, published, remote } = scriptedPeers()
  const { gate, clock } = gateFor({ peers, budget })
  remote().paused({ cause: limited(START + 1000), until: START + 1000, pauses: 0 })
  await clock.advance(1000)
  const refused = failureOf(gate.pass(sent, of('bob')))
  await until(() => reservations.length === 1)
  reservations[0]?.refuse()
  t.match(await refused, { type: 'quota-budget-spent' })
  const leaving = new AbortController()
  const given = failureOf(gate.pass(sent, passOptions({ signal: leaving.signal })))
  await until(() => reservations.length === 2)
  leaving.abort(new Problem('shutting-down', 'enough'))
  reservations[1]?.grant()
  t.match(await given, { message: 'enough' })
  const probe = gate.pass(sent, of('alice'))
  await until(() => reservations.length === 3)
  reservations[2]?.grant()
  t.equal(await probe, 'sent')
  t.same(state, { reserved: 2, refunded: 1 })
  t.strictSame(published.slice(0, 5), [
    ['probe'],
    ['probe ended'],
    ['probe'],
    ['probe ended'],
    ['probe'],
  ])
})

t.test('a request refused by the shared budget is not sent', async t => {
  const { budget, reservations } = scriptedBudget()
  const { gate } = gateFor({ budget })
  const refused = failureOf(gate.pass(sent, of('bob')))
  await until(() => reservations.length === 1)
  reservations[0]?.refuse()
  t.match(await refused, { type: 'quota-budget-spent' })
  t.equal(gate.status().state, 'open')
})
