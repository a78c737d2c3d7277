import t from 'tap'
import { Problem } from '../../../src/problems/problem.ts'
import { failureOf } from '../../support/failure-of.ts'
import { gateFor, passOptions } from '../../support/gate.ts'
import { until } from '../../support/until.ts'

const never = passOptions()
const outage = () => new Problem('spotify-unavailable', 'down', { transient: true })

t.test('the gate never exceeds the concurrent request limit', async t => {
  const { gate } = gateFor({ concurrency: 3 })
  const waiting: (() => void)[] = []
  let underWay = 0
  let peak = 0
  const send = async () => {
    peak = Math.max(peak, ++underWay)
    await new Promise<void>(resolve => waiting.push(resolve))
    underWay--
  }
  const all = Promise.all(Array.from({ length: 10 }, () => gate.pass(send, never)))
  for (let sent = 0; sent < 10; sent++) {
    await until(() => waiting.length > 0)
    waiting.shift()?.()
  }
  await all
  t.equal(peak, 3)
})

t.test(
  'a transiently failing request gets three attempts, with back-off and full jitter',
  async t => {
    const { gate, clock } = gateFor({ concurrency: 1, random: () => 0.5 })
    let attempts = 0
    const failing = gate.pass(async () => {
      attempts++
      throw outage()
    }, never)
    failing.catch(() => {})
    await until(() => clock.pending.length === 1)
    t.same(clock.pending, [200])
    await clock.advance(200)
    t.equal(attempts, 2)
    t.same(clock.pending, [400])
    await clock.advance(400)
    t.match(await failureOf(failing), { type: 'spotify-unavailable' })
    t.equal(attempts, 3)
  },
)

t.test('a request holds no slot during its back-off', async t => {
  const { gate, clock } = gateFor({ concurrency: 1, random: () => 0.5 })
  let failures = 0
  const retried = gate.pass(async () => {
    if (failures++ === 0) throw outage()
    return 'after all'
  }, never)
  await until(() => clock.pending.length === 1)
  t.equal(await gate.pass(async () => 'meanwhile', never), 'meanwhile')
  await clock.advance(200)
  t.equal(await retried, 'after all')
})

t.test('a permanent failure is not retried', async t => {
  const { gate } = gateFor({ concurrency: 1 })
  for (const failure of [
    new Problem('spotify-bad-response', 'malformed'),
    new TypeError('a bug'),
  ]) {
    let attempts = 0
    const passing = gate.pass(async () => {
      attempts++
      throw failure
    }, never)
    t.match(await failureOf(passing), failure)
    t.equal(attempts, 1)
  }
})

t.test('after a refusal the gate sends nothing before the stated instant', async t => {
  for (const type of ['spotify-rate-limited', 'spotify-quota-exceeded'] as const) {
    const { gate, clock } = gateFor({ concurrency: 2 })
    const refusal = new Problem(type, 'not now', { retryAt: clock.now() + 3000 })
    let sent = 0
    const send = async () => {
      sent++
      if (sent === 1) throw refusal
      return 'sent'
    }
    t.match(await failureOf(gate.pass(send, never)), refusal)
    await clock.advance(2999)
    t.match(await failureOf(gate.pass(send, never)), refusal)
    t.equal(sent, 1)
    await clock.advance(1)
    t.equal(await gate.pass(send, never), 'sent')
  }
})

t.test('the longer of two concurrent refusals wins, in either order', async t => {
  for (const order of [
    [3, 86_207],
    [86_207, 3],
  ]) {
    const { gate, clock } = gateFor({ concurrency: 2 })
    const refusals = order.map(seconds => {
      const retryAt = clock.now() + seconds * 1000
      return new Problem('spotify-rate-limited', `${seconds} s`, { retryAt })
    })
    const both = refusals.map(refusal => failureOf(gate.pass(() => Promise.reject(refusal), never)))
    t.same(await Promise.all(both), refusals)
    await clock.advance(86_206_999)
    const later = failureOf(gate.pass(async () => 'sent', never))
    t.match(await later, { message: '86207 s' })
    await clock.advance(1)
    t.equal(await gate.pass(async () => 'sent', never), 'sent')
  }
})

t.test('a request queued past its deadline is never sent', async t => {
  const { gate, clock } = gateFor({ concurrency: 1 })
  let release: (() => void) | undefined
  const holding = gate.pass(() => new Promise<void>(resolve => (release = resolve)), never)
  await until(() => release !== undefined)
  const deadline = { startByMs: 1000, retryByMs: 1000 }
  const late = failureOf(gate.pass(async () => 'sent', passOptions(deadline)))
  const later = gate.pass(async () => 'sent', passOptions({ retryByMs: 1000 }))
  await clock.advance(1001)
  release?.()
  await holding
  t.match(await late, { type: 'deadline-exceeded' })
  t.equal(await later, 'sent')
  const inTime = gate.pass(async () => 'sent', passOptions({ startByMs: 1001, retryByMs: 1001 }))
  t.equal(await inTime, 'sent')
})

t.test('no request is retried past its deadline', async t => {
  for (const { retryByMs, attempts } of [
    { retryByMs: 199, attempts: 1 },
    { retryByMs: 200, attempts: 1 },
    { retryByMs: 201, attempts: 2 },
    { retryByMs: 601, attempts: 3 },
  ]) {
    const { gate, clock } = gateFor({ concurrency: 1, random: () => 0.5 })
    let sent = 0
    const failing = failureOf(
      gate.pass(async () => {
        sent++
        throw outage()
      }, passOptions({ retryByMs })),
    )
    await clock.advance(0)
    await clock.advance(200)
    await clock.advance(400)
    t.match(await failing, { type: 'spotify-unavailable' })
    t.equal(sent, attempts, `${retryByMs} ms`)
  }
})

t.test('an aborted request is not sent, whether queued or backing off', async t => {
  const { gate, clock } = gateFor({ concurrency: 1, random: () => 0.5 })
  const inBackOff = new AbortController()
  let attempts = 0
  const retried = gate.pass(
    async () => {
      attempts++
      throw outage()
    },
    passOptions({ signal: inBackOff.signal }),
  )
  retried.catch(() => {})
  await until(() => clock.pending.length === 1)
  inBackOff.abort(new Error('enough'))
  t.match(await failureOf(retried), { message: 'enough' })
  t.equal(attempts, 1)
  t.same(clock.pending, [])

  const inQueue = new AbortController()
  let finish: (() => void) | undefined
  const hold = () =>
    new Promise<void>(resolve => {
      finish = resolve
    })
  const holding = gate.pass(hold, never)
  const queued = failureOf(
    gate.pass(async () => attempts++, passOptions({ signal: inQueue.signal })),
  )
  inQueue.abort(new Error('too late'))
  await until(() => finish !== undefined)
  finish?.()
  await holding
  t.match(await queued, { message: 'too late' })
  t.equal(attempts, 1)
})
