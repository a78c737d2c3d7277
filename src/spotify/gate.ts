import { pause } from '../clock.ts'
import { Problem } from '../problems.ts'
import { type DoorOptions, GateDoor } from './gate-door.ts'
import type { GateStatus } from './gate-status.ts'
import { LookupQueue } from './lookup-queue.ts'
import { RetryBudget } from './retry-budget.ts'

export const MAX_ATTEMPTS = 3
const FIRST_BACK_OFF_MS = 400

export interface GateOptions extends DoorOptions {
  /** Web API requests under way at once, all lookups together. */
  concurrency: number
  /** Lookups that may wait for their first place. */
  queue: number
}

/** Until when the requests of one lookup may leave; instants are on the monotonic clock. */
export interface Terms {
  /** Whose lookup it is: failures of one subject alone are no outage. */
  subject: string
  /** Whether a stored list can be answered without it, so that others come first. */
  isRefresh: boolean
  /** Aborted when nothing of the lookup is wanted any more. */
  signal: AbortSignal
  /** A request that is still queued then is not sent; infinite once the lookup has begun. */
  startByMs: number
  /** No request is sent again from then on. */
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
   * @throws {Problem} the last failure, what keeps the gate closed, `quota-budget-spent`,
   * `overloaded` or, when no place was free in time, `deadline-exceeded`. Whatever the signal was
   * aborted with is thrown as it is.
   */
  pass<T>(
    send: (leavePlace: () => void) => Promise<T>,
    terms: Terms,
    attempts?: { left: number },
  ): Promise<T>
  /**
   * Closes for a refusal that no single request shows, such as a 401 that a new token meets, too.
   * Returns it with the instant of the next probe.
   */
  report(refusal: Problem, subject: string): Problem
  status(): GateStatus
}

export function createGate(options: GateOptions): Gate {
  const { clock, random } = options
  const queue = new LookupQueue(options)
  const door = new GateDoor(options)
  const retries = new RetryBudget()
  let retried = 0

  /** How long to wait before the next attempt; undefined when there must be none. */
  function backOffMs(failure: unknown, tried: number, { retryByMs }: Terms): number | undefined {
    if (!(failure instanceof Problem && failure.transient) || !door.isOpen) return undefined
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
          if (delayMs === undefined) throw door.withPause(error)
          await pause(clock, delayMs, terms.signal)
        }
      }
    },
    report(refusal, subject) {
      door.report(refusal, subject)
      return door.withPause(refusal)
    },
    status() {
      const { inFlight, queued } = queue
      return { ...door.status, inFlight, queued, retries: retried }
    },
  }
}
