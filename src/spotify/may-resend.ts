import type { Gate, PassOptions } from './gate/gate.ts'
import type { RequestBudget } from './gate/request-quota.ts'

/**
 * Whether the transport may send a request again, which the gate does not see. Counts the request against the
 * budget; allows none while the gate is paused or once nobody waits any more.
 *
 * @throws {Problem} if the budget is spent.
 */
export async function mayResend(
  { gate, budget }: { gate: Pick<Gate, 'status'>; budget: Pick<RequestBudget, 'reserve'> },
  { signal, isRevalidation }: Pick<PassOptions, 'signal' | 'isRevalidation'>,
): Promise<boolean> {
  const refund = await budget.reserve(isRevalidation)
  if (!signal.aborted && gate.status().state !== 'paused') return true
  refund()
  return false
}
