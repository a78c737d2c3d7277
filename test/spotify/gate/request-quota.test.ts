import t from 'tap'
import { Problem } from '../../../src/problems/problem.ts'
import { DailyBudget } from '../../../src/spotify/gate/request-quota.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function budgetOf(limit: number | undefined) {
  const clock = new ManualClock()
  const budget = new DailyBudget(limit, clock)
  const spend = async (requests: number) => {
    for (let sent = 0; sent < requests; sent++) await budget.reserve(false)
  }
  /** Seconds until a request is allowed; 0 if allowed now. */
  const waitSeconds = async (isRevalidation: boolean) => {
    try {
      const refund = await budget.reserve(isRevalidation)
      refund()
      return 0
    } catch (error) {
      if (!(error instanceof Problem) || error.type !== 'quota-budget-spent') throw error
      return (Number(error.retryAt) - clock.now()) / 1000
    }
  }
  return { budget, clock, spend, waitSeconds }
}

const DAY = 86_400

t.test('without a limit the budget only counts', async t => {
  const { budget, spend, waitSeconds } = budgetOf(undefined)
  await spend(10_000)
  t.equal(await waitSeconds(false), 0)
  t.equal(budget.spent, 10_000)
})

t.test(
  'background revalidations stop at 80 % of the limit, all other requests at the limit',
  async t => {
    const { spend, waitSeconds } = budgetOf(10)
    await spend(7)
    t.equal(await waitSeconds(true), 0)
    await spend(1)
    t.equal(await waitSeconds(true), DAY + 300)
    t.equal(await waitSeconds(false), 0)
    await spend(1)
    t.equal(await waitSeconds(false), 0)
    await spend(1)
    t.equal(await waitSeconds(false), DAY + 300)
  },
)

t.test('a limit of 1 allows no background revalidation', async t => {
  const { spend, waitSeconds } = budgetOf(1)
  t.equal(await waitSeconds(false), 0)
  t.equal(await waitSeconds(true), 0, 'the instant is now')
  await spend(1)
  t.equal(await waitSeconds(false), DAY + 300)
})

t.test('a request is allowed at the stated instant, and not before', async t => {
  const { budget, clock, spend, waitSeconds } = budgetOf(10)
  await clock.advance(7_000_000)
  await spend(4)
  await clock.advance(3_600_000)
  await spend(6)
  const wait = await waitSeconds(false)
  t.ok(wait > DAY - 3600 && wait <= DAY - 3600 + 300)
  await clock.advance(wait * 1000 - 1)
  t.equal(await waitSeconds(false), 0.001)
  await clock.advance(1)
  t.equal(await waitSeconds(false), 0)
  t.equal(budget.spent, 6)
})

t.test('the budget never allows more requests than the limit in any 24 hours', async t => {
  const { clock, spend, waitSeconds } = budgetOf(100)
  const sent: number[] = []
  for (let step = 0; step < 3000; step++) {
    if ((await waitSeconds(false)) === 0) {
      await spend(1)
      sent.push(clock.monotonic())
    }
    await clock.advance(97_000)
  }
  t.ok(sent.length > 300)
  for (const [index, at] of sent.entries()) {
    const hundredAfter = sent[index + 100]
    if (hundredAfter !== undefined && hundredAfter - at < DAY * 1000) t.fail('too many in a day')
  }
})

t.test('a refund applies to the bucket that holds the reservation', async t => {
  const { budget, clock } = budgetOf(2)
  const refund = await budget.reserve(false)
  await clock.advance(600_000)
  await budget.reserve(false)
  refund()
  t.equal(budget.spent, 1)
  await clock.advance(DAY * 1000)
  t.equal(budget.spent, 1)
  await clock.advance(300_000)
  t.equal(budget.spent, 0)
})

t.test('a refund more than a day later changes nothing', async t => {
  const { budget, clock } = budgetOf(2)
  const refund = await budget.reserve(false)
  await clock.advance((DAY + 300) * 1000)
  await budget.reserve(false)
  refund()
  t.equal(budget.spent, 1)
})

t.test('a lookup beyond the budget is refused until all pages fit', async t => {
  const { budget, clock, spend } = budgetOf(10)
  const refusal = (left: number, whole: number, isRevalidation: boolean) => {
    try {
      return budget.check({ left, whole }, isRevalidation)
    } catch (error) {
      return error as Problem
    }
  }
  t.equal(refusal(10, 10, false), undefined)
  t.equal(refusal(8, 8, true), undefined)
  t.match(refusal(9, 9, true), {
    message: /takes 9 .* more than SPOTIFY_DAILY_BUDGET \(10\)/,
  })
  t.match(refusal(11, 11, false), { retryAt: clock.now() + DAY * 1000, originStatus: undefined })
  await spend(3)
  await clock.advance(3_600_000)
  await spend(3)
  t.equal(refusal(4, 5, false), undefined)
  t.match(refusal(5, 5, false), {
    type: 'quota-budget-spent',
    message: /takes 5 .* more than are left of the 10/,
    retryAt: clock.now() + (DAY - 3600 + 300) * 1000,
  })
  t.match(refusal(5, 8, false), {
    retryAt: clock.now() + (DAY + 300) * 1000,
    originStatus: 200,
  })
  t.equal(budget.spent, 6)
})
