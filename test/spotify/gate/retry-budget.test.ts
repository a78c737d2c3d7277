import fc from 'fast-check'
import t from 'tap'
import { RetryBudget } from '../../../src/spotify/gate/retry-budget.ts'

t.test('two retries per minute are allowed, or a tenth of requests if that is more', async t => {
  for (const [requests, retries] of [
    [0, 2],
    [1, 2],
    [29, 2],
    [30, 3],
    [1000, 100],
  ] as const) {
    const budget = new RetryBudget()
    for (let sent = 0; sent < requests; sent++) budget.count(0)
    let allowed = 0
    while (allowed < 1000 && budget.reserve(0)) allowed++
    t.equal(allowed, retries, `${requests} requests`)
  }
})

t.test('retries expire after a minute', async t => {
  const budget = new RetryBudget()
  t.ok(budget.reserve(0) && budget.reserve(500))
  t.notOk(budget.reserve(60_000))
  t.ok(budget.reserve(61_000) && budget.reserve(61_000))
  t.notOk(budget.reserve(61_000))
})

t.test(
  'in any minute ending with a retry, retries are at most a tenth of requests, or two',
  async t => {
    const steps = fc.array(
      fc.record({ gapMs: fc.nat(3000), requests: fc.nat(40), retries: fc.nat(8) }),
    )
    const property = fc.property(steps, history => {
      const budget = new RetryBudget()
      const sent: number[] = []
      const again: number[] = []
      let nowMs = 0
      const within = (times: number[]) => times.filter(at => at >= nowMs - 60_000).length
      for (const { gapMs, requests, retries } of history) {
        nowMs += gapMs
        for (let nth = 0; nth < requests; nth++) {
          budget.count(nowMs)
          sent.push(nowMs)
        }
        for (let nth = 0; nth < retries; nth++) {
          if (!budget.reserve(nowMs)) continue
          again.push(nowMs)
          if (within(again) > Math.max(2, within(sent) / 10)) return false
        }
      }
      return true
    })
    t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }))
  },
)
