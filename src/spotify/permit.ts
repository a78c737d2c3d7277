import type { RequestBudget } from './daily-budget.ts'
import type { OtherGates } from './other-gates.ts'

/** Leave for one request, as far as it does not depend on the state of the gate. */
export interface Permit {
  /** The request does not leave after all. */
  giveBack(): void
  /** The request is over, and what it came to has been told. */
  end(): void
}

const NOTHING = () => {}

/**
 * Takes one request from the budget and, where it `takesTurn`, the turn to probe among all gates
 * before that. At once where neither is shared with anybody. Undefined: it is another gate's turn.
 * `onRefused` is called before a refusal of the budget is thrown.
 *
 * @throws {Problem} `quota-budget-spent`, at once or later.
 */
export function takePermit(
  budget: RequestBudget,
  others: OtherGates | undefined,
  request: { takesTurn: boolean; isRefresh: boolean },
  onRefused: () => void,
): Permit | Promise<Permit | undefined> {
  const refused = (error: unknown): never => {
    onRefused()
    throw error
  }
  if (request.takesTurn && others !== undefined) {
    return probePermit(budget, others, request.isRefresh).catch(refused)
  }
  try {
    const taken = budget.take(request.isRefresh)
    if (typeof taken === 'function') return { giveBack: taken, end: NOTHING }
    return taken.then(giveBack => ({ giveBack, end: NOTHING }), refused)
  } catch (error) {
    return refused(error)
  }
}

async function probePermit(
  budget: RequestBudget,
  others: OtherGates,
  isRefresh: boolean,
): Promise<Permit | undefined> {
  const end = await others.probe()
  if (end === undefined) return undefined
  try {
    const take = await budget.take(isRefresh)
    const giveBack = () => {
      take()
      end()
    }
    return { giveBack, end }
  } catch (error) {
    end()
    throw error
  }
}
