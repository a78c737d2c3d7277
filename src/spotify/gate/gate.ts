import { pause } from '../../lib/clock.ts'
import { Problem } from '../../problems/problem.ts'
import { LookupQueue, type LookupQueueOptions, type QueueTerms } from './admission-queue.ts'
import { type ControllerOptions, GateController } from './gate-controller.ts'
import { outcomeOf } from './gate-outcome.ts'
import type { GateStatus } from './gate-report.ts'
import { type DoorOptions, type DoorTerms, GateDoor } from './gated-sender.ts'
import { RetryBudget } from './retry-budget.ts'

export const MAX_ATTEMPTS = 3
const FIRST_BACK_OFF_MS = 400

export interface GateOptions extends LookupQueueOptions, DoorOptions, ControllerOptions {}

/** How the requests of one lookup may leave. */
export interface Terms extends QueueTerms, DoorTerms {
  /** On the monotonic clock: no request is sent again from then on. */
  retryByMs: number
}

/** Every Web API request passes here; it decides whether one may leave now, and how often. */
export interface Gate {
  /**
   * Sends once a place is free, which `send` may give on before it ends, and again after a transient failure: as often as `attempts` has
   * left, which counts down, with exponential back-off, full jitter and within the retry budget.
   * While Spotify refuses or is out of order nothing is sent but one probe at a time. Only a
   * Problem tells the gate something about Spotify.
   *
   * @throws {Problem} the last failure, why the gate is closed, `quota-budget-spent`,
   * `overloaded` or, when no place was free in time, `deadline-exceeded`. Whatever the signal was
   * aborted with is thrown as it is.
   */
  pass<T>(
    send: (leavePlace: () => void) => Promise<T>,
    terms: Terms,
    attempts?: { left: number },
  ): Promise<T>
  /**
   * Takes note of a denial that no single request shows: a 401 that a new token meets, too. Resolves
   * with the problem for the caller once it is known whether the denial is about all subjects.
   */
  report(denial: Problem, terms: Terms): Promise<unknown>
  status(): GateStatus
}

export function createGate(options: GateOptions): Gate {
  const { clock, random } = options
  const queue = new LookupQueue(options)
  const controller = new GateController(options)
  const door = new GateDoor(options, controller)
  const retries = new RetryBudget()
  let retried = 0

  /** How long to wait before the next attempt; undefined when there must be none. */
  function backOffMs(failure: unknown, tried: number, { retryByMs }: Terms): number | undefined {
    if (!(failure instanceof Problem && failure.transient) || !controller.isOpen) return undefined
    const nowMs = clock.monotonic()
    const delayMs = random() * FIRST_BACK_OFF_MS * 2 ** (tried - 1)
    return nowMs + delayMs < retryByMs && retries.take(nowMs) ? delayMs : undefined
  }

  return {
    async pass(send, terms, attempts = { left: MAX_ATTEMPTS }) {
      for (let tried = 1; ; tried++) {
        attempts.left--
        const onLeave = () => {
          if (tried > 1) retried++
          retries.count(clock.monotonic())
        }
        try {
          return await queue.inPlace(
            leavePlace => door.attempt(() => send(leavePlace), terms, onLeave),
            terms,
          )
        } catch (error) {
          const delayMs = attempts.left > 0 ? backOffMs(error, tried, terms) : undefined
          if (delayMs === undefined) throw controller.withPause(error)
          await pause(clock, delayMs, terms.signal)
        }
      }
    },
    async report(denial, terms) {
      const { subject } = terms
      const outcome = outcomeOf(denial, clock.now())
      controller.end(outcome, { subject, probe: undefined, sentAt: clock.now() })
      await door.verify(terms)
      return controller.withPause(denial)
    },
    status() {
      const { inFlight, queued } = queue
      return { ...controller.status, inFlight, queued, retries: retried }
    },
  }
}
