import t from 'tap'
import { Problem } from '../../../src/problems/problem.ts'
import { DailyBudget } from '../../../src/spotify/gate/request-quota.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function budgetOf(limit: number | undefined) {
  const clock = new ManualClock()
  const budget = new DailyBudget(limit, clock)
  const spend = async (requests: number) => {
    for (let sent = 0; sent < requests; sent++) await budget.take(false)
  }
  /** How long until a request may leave, in seconds; 0 when it may now. */
  const waitSeconds = async (isRefresh: boolean) => {
    try {
      const giveBack = await budget.take(isRefresh)
      giveBack()
      return 0
    } catch (error) {
      if (!(error instanceof Problem) || error.type !== 'quota-budget-spent') throw error
      return (Number(error.retryAt) - clock.now()) / 1000
    }
  }
  return { budget, clock, spend, waitSeconds }
}

const DAY = 86_400

t.test('without a limit requests are counted only', async t => {
  const { budget, spend, waitSeconds } = budgetOf(undefined)
  await spend(10_000)
  t.equal(await waitSeconds(false), 0)
  t.equal(budget.spent, 10_000)
})

t.test('refreshes behind answers stop at 80 %, all others at the limit', async t => {
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
})

t.test('a limit too small for a fifth of it leaves nothing to refreshes', async t => {
  const { spend, waitSeconds } = budgetOf(1)
  t.equal(await waitSeconds(false), 0)
  t.equal(await waitSeconds(true), 0, 'and yet it names no time in the future')
  await spend(1)
  t.equal(await waitSeconds(false), DAY + 300)
})

t.test('what it names as the time to wait is true', async t => {
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

t.test('never do more leave in any 24 hours than the limit', async t => {
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

t.test('a request that did not leave is taken back from when it was counted', async t => {
  const { budget, clock } = budgetOf(2)
  const giveBack = await budget.take(false)
  await clock.advance(600_000)
  await budget.take(false)
  giveBack()
  t.equal(budget.spent, 1)
  await clock.advance(DAY * 1000)
  t.equal(budget.spent, 1)
  await clock.advance(300_000)
  t.equal(budget.spent, 0)
})

t.test('what is taken back a day later changes nothing', async t => {
  const { budget, clock } = budgetOf(2)
  const giveBack = await budget.take(false)
  await clock.advance((DAY + 300) * 1000)
  await budget.take(false)
  giveBack()
  t.equal(budget.spent, 1)
})

t.test('a lookup that does not fit is refused until all of it does', async t => {
  const { budget, clock, spend } = budgetOf(10)
  const refusal = (left: number, whole: number, isRefresh: boolean) => {
    try {
      return budget.check({ left, whole }, isRefresh)
    } catch (error) {
      return error as Problem
    }
  }
  t.equal(refusal(10, 10, false), undefined)
  t.equal(refusal(8, 8, true), undefined)
  t.match(refusal(9, 9, true), {
    message: /takes 9 .* more than SPOTIFY_DAILY_BUDGET, which is 10/,
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
