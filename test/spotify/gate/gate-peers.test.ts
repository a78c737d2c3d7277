import t from 'tap'
import { Problem } from '../../../src/problems/problem.ts'
import { tooManyRequests } from '../../../src/spotify/gate/diagnosis.ts'
import { budgetSpent, type GiveBack } from '../../../src/spotify/gate/request-quota.ts'
import { failureOf } from '../../support/failure-of.ts'
import { gateFor, terms } from '../../support/gate.ts'
import { scriptedGates } from '../../support/other-gates.ts'
import { until } from '../../support/until.ts'

const sent = async () => 'sent'
const of = (subject: string) => terms({ subject })
const limited = (until: number) => tooManyRequests('', until)
const START = Date.UTC(2026, 10, 23)

/** A budget whose answers the test gives, one after another. */
function askedBudget() {
  const asked: { grant(): void; refuse(): void }[] = []
  const state = { given: 0, back: 0 }
  const take = () =>
    new Promise<GiveBack>((resolve, reject) =>
      asked.push({
        grant: () => {
          state.given++
          resolve(() => state.back++)
        },
        refuse: () => reject(budgetSpent(1, 0)),
      }),
    )
  return { budget: { limit: 1, spent: 0, take, check() {} }, asked, state }
}

t.test('a refusal and the end of it are told, once each', async t => {
  const { others, told } = scriptedGates()
  const { gate, clock } = gateFor({ others })
  await failureOf(gate.pass(() => Promise.reject(limited(START + 3000)), of('bob')))
  await failureOf(gate.pass(sent, of('bob')))
  await clock.advance(3000)
  t.equal(await gate.pass(sent, of('bob')), 'sent')
  t.equal(await gate.pass(sent, of('bob')), 'sent')
  t.strictSame(told, [
    ['paused', 'spotify-rate-limited', START + 3000, 0],
    ['probe'],
    ['opened', START + 3000],
    ['probe ended'],
  ])
})

t.test('a pause of another gate silences this one and is not told again', async t => {
  const { others, told, elsewhere } = scriptedGates()
  const { gate, clock, lines } = gateFor({ others })
  elsewhere().paused({ cause: limited(START + 5000), until: START + 5000, pauses: 0 })
  t.match(await failureOf(gate.pass(sent, of('bob'))), {
    type: 'spotify-rate-limited',
    retryAt: START + 5000,
  })
  elsewhere().paused({ cause: limited(START + 4000), until: START + 4000, pauses: 0 })
  await clock.advance(4999)
  t.match(gate.status(), { state: 'paused', pausedUntil: START + 5000 }, 'the longer one stands')
  t.strictSame(told, [])
  elsewhere().opened(START + 4999)
  t.equal(gate.status().state, 'paused', 'which a probe before its end does not change')
  await clock.advance(1)
  elsewhere().opened(START + 5000)
  t.equal(await gate.pass(sent, of('bob')), 'sent')
  elsewhere().opened(START + 5000)
  t.strictSame(told, [])
  t.strictSame(
    lines().map(({ msg }) => msg),
    ['requests to Spotify are paused', 'Spotify answers again'],
  )
})

t.test('while another gate probes this one waits for what comes of it', async t => {
  let asked = 0
  const { others, elsewhere } = scriptedGates(async () => asked++ > 1)
  const { gate, clock } = gateFor({ others })
  elsewhere().paused({ cause: limited(START + 1000), until: START + 1000, pauses: 0 })
  await clock.advance(1000)
  const two = [gate.pass(sent, of('bob')), gate.pass(sent, of('bob'))].map(failureOf)
  t.match(await Promise.all(two), [{ retryAt: START + 2000 }, { retryAt: START + 2000 }])
  t.match(await failureOf(gate.pass(sent, of('alice'))), { type: 'spotify-rate-limited' })
  t.equal(asked, 1, 'it is not asked for each of them')
  t.match(gate.status(), { state: 'probing', pausedUntil: undefined })
  await clock.advance(1000)
  await failureOf(gate.pass(sent, of('bob')))
  t.equal(asked, 2)
  elsewhere().opened(START + 1500)
  t.equal(await gate.pass(sent, of('bob')), 'sent')
  elsewhere().paused({ cause: limited(START + 3000), until: START + 3000, pauses: 0 })
  await clock.advance(1000)
  t.equal(await gate.pass(sent, of('bob')), 'sent', 'in the end it is the one')
})

t.test('nothing leaves after a pause that was learnt while the turn was asked for', async t => {
  let allow: ((may: boolean) => void) | undefined
  const { others, told, elsewhere } = scriptedGates(() => new Promise(resolve => (allow = resolve)))
  const { gate, clock } = gateFor({ others })
  for (const may of [true, false]) {
    const end = clock.now() + 1000
    elsewhere().paused({ cause: limited(end), until: end, pauses: 0 })
    await clock.advance(1000)
    const probe = failureOf(gate.pass(sent, of('bob')))
    await until(() => allow !== undefined)
    elsewhere().paused({ cause: limited(end + 9000), until: end + 9000, pauses: 0 })
    allow?.(may)
    allow = undefined
    t.match(await probe, { type: 'spotify-rate-limited', retryAt: end + 9000 })
    t.match(gate.status(), { state: 'paused', pausedUntil: end + 9000 })
    await clock.advance(9000)
    elsewhere().opened(clock.now())
  }
  t.strictSame(told, [['probe'], ['probe ended']])
})

t.test('a probe that another pause has overtaken does not open the gate', async t => {
  const { others, told, elsewhere } = scriptedGates()
  const { gate, clock } = gateFor({ others })
  elsewhere().paused({ cause: limited(START + 1000), until: START + 1000, pauses: 0 })
  await clock.advance(1000)
  let answer: ((value: string) => void) | undefined
  const probe = gate.pass(() => new Promise<string>(resolve => (answer = resolve)), of('bob'))
  await until(() => answer !== undefined)
  elsewhere().paused({ cause: limited(START + 9000), until: START + 9000, pauses: 0 })
  answer?.('answered')
  t.equal(await probe, 'answered')
  t.match(gate.status(), { state: 'paused', pausedUntil: START + 9000 })
  t.strictSame(told, [['probe'], ['probe ended']])
})

t.test('while the budget is asked a pause, an abort or the deadline may come', async t => {
  const { budget, asked, state } = askedBudget()
  const { others, elsewhere } = scriptedGates()
  const { gate, clock } = gateFor({ others, budget })
  const leaving = new AbortController()
  const paused = gate.pass(sent, of('bob'))
  const aborted = gate.pass(sent, terms({ signal: leaving.signal }))
  const late = gate.pass(sent, terms({ startByMs: 10 }))
  const failures = [paused, aborted, late].map(failureOf)
  await until(() => asked.length === 3)
  leaving.abort(new Problem('shutting-down', 'enough'))
  asked[1]?.grant()
  t.match(await failures[1], { message: 'enough' })
  await clock.advance(11)
  asked[2]?.grant()
  t.match(await failures[2], { type: 'deadline-exceeded' })
  elsewhere().paused({ cause: limited(START + 5000), until: START + 5000, pauses: 0 })
  asked[0]?.grant()
  t.match(await failures[0], { type: 'spotify-rate-limited' })
  t.same(state, { given: 3, back: 3 }, 'what did not leave is given back')
})

t.test('a probe that the budget refuses leaves its turn to the next request', async t => {
  const { budget, asked, state } = askedBudget()
  const { others, told, elsewhere } = scriptedGates()
  const { gate, clock } = gateFor({ others, budget })
  elsewhere().paused({ cause: limited(START + 1000), until: START + 1000, pauses: 0 })
  await clock.advance(1000)
  const refused = failureOf(gate.pass(sent, of('bob')))
  await until(() => asked.length === 1)
  asked[0]?.refuse()
  t.match(await refused, { type: 'quota-budget-spent' })
  const leaving = new AbortController()
  const given = failureOf(gate.pass(sent, terms({ signal: leaving.signal })))
  await until(() => asked.length === 2)
  leaving.abort(new Problem('shutting-down', 'enough'))
  asked[1]?.grant()
  t.match(await given, { message: 'enough' })
  const probe = gate.pass(sent, of('alice'))
  await until(() => asked.length === 3)
  asked[2]?.grant()
  t.equal(await probe, 'sent')
  t.same(state, { given: 2, back: 1 })
  t.strictSame(told.slice(0, 5), [
    ['probe'],
    ['probe ended'],
    ['probe'],
    ['probe ended'],
    ['probe'],
  ])
})

t.test('what a shared budget refuses does not leave', async t => {
  const { budget, asked } = askedBudget()
  const { gate } = gateFor({ budget })
  const refused = failureOf(gate.pass(sent, of('bob')))
  await until(() => asked.length === 1)
  asked[0]?.refuse()
  t.match(await refused, { type: 'quota-budget-spent' })
  t.equal(gate.status().state, 'open')
})
