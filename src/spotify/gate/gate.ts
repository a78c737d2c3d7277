import { pause } from '../../lib/clock.ts'
import { Problem } from '../../problems/problem.ts'
import { AdmissionQueue, type AdmissionQueueOptions, type QueueOptions } from './admission-queue.ts'
import { type ControllerOptions, GateController } from './gate-controller.ts'
import { outcomeOf } from './gate-outcome.ts'
import type { GateStatus } from './gate-report.ts'
import { GatedSender, type GatedSenderOptions, type GatedSendOptions } from './gated-sender.ts'
import { RetryBudget } from './retry-budget.ts'

export const MAX_ATTEMPTS = 3
const FIRST_BACK_OFF_MS = 400

export interface GateOptions extends AdmissionQueueOptions, GatedSenderOptions, ControllerOptions {}

/** How the gate sends a lookup's requests. */
export interface PassOptions extends QueueOptions, GatedSendOptions {
  /** On the monotonic clock: the gate starts no retry at or after this instant. */
  retryByMs: number
}

/** Sends all Web API requests: decides whether and when each request may be sent, and retries it. */
export interface Gate {
  /**
   * Calls `send` once a slot is free; `send` may release the slot before it ends. Retries transient failures
   * with exponential back-off and full jitter, while the retry budget and `attempts.left`, which counts down,
   * allow it. While Spotify refuses requests or is down, sends only one probe at a time. An error other than a
   * Problem does not count as a Spotify failure.
   *
   * @throws {Problem} the last failure, why the gate is closed, `quota-budget-spent`, `overloaded` or, if no
   * slot was free in time, `deadline-exceeded`. Throws the signal's reason unchanged.
   */
  pass<T>(
    send: (releaseSlot: () => void) => Promise<T>,
    options: PassOptions,
    attempts?: { left: number },
  ): Promise<T>
  /**
   * Records a denial not shown by any single request: a second 401, with a new token. Resolves with the problem
   * for the caller once a probe has verified whether Spotify denies all subjects.
   */
  report(denial: Problem, options: PassOptions): Promise<unknown>
  status(): GateStatus
}

export function createGate(gateOptions: GateOptions): Gate {
  const { clock, random } = gateOptions
  const queue = new AdmissionQueue(gateOptions)
  const controller = new GateController(gateOptions)
  const sender = new GatedSender(gateOptions, controller)
  const retries = new RetryBudget()
  let retried = 0

  /** How long to wait before the next attempt; undefined for no retry. */
  function backOffMs(
    failure: unknown,
    tried: number,
    { retryByMs }: PassOptions,
  ): number | undefined {
    if (!(failure instanceof Problem && failure.transient) || !controller.isOpen) return undefined
    const nowMs = clock.monotonic()
    const delayMs = random() * FIRST_BACK_OFF_MS * 2 ** (tried - 1)
    return nowMs + delayMs < retryByMs && retries.reserve(nowMs) ? delayMs : undefined
  }

  return {
    async pass(send, options, attempts = { left: MAX_ATTEMPTS }) {
      for (let tried = 1; ; tried++) {
        attempts.left--
        const onSend = () => {
          if (tried > 1) retried++
          retries.count(clock.monotonic())
        }
        try {
          return await queue.run(
            releaseSlot => sender.attempt(() => send(releaseSlot), options, onSend),
            options,
          )
        } catch (error) {
          const delayMs = attempts.left > 0 ? backOffMs(error, tried, options) : undefined
          if (delayMs === undefined) throw controller.withPause(error)
          await pause(clock, delayMs, options.signal)
        }
      }
    },
    async report(denial, options) {
      const { subject } = options
      const outcome = outcomeOf(denial, clock.now())
      controller.end(outcome, { subject, probe: undefined, sentAt: clock.now() })
      await sender.verify(options)
      return controller.withPause(denial)
    },
    status() {
      const { inFlight, queued } = queue
      return { ...controller.status, inFlight, queued, retries: retried }
    },
  }
}
