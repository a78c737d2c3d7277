import type { Clock } from '../../lib/clock.ts'
import { asProblem, Problem } from '../../problems/problem.ts'
import type { QueueOptions } from './admission-queue.ts'
import type { GateController } from './gate-controller.ts'
import { type Outcome, outcomeOf } from './gate-outcome.ts'
import type { GatePeers } from './gate-peers.ts'
import type { RequestBudget } from './request-quota.ts'

export interface GatedSenderOptions {
  budget: RequestBudget
  /** The other replicas' gates; undefined without other replicas. */
  peers?: GatePeers | undefined
  clock: Clock
}

/** How a request is sent. */
export interface GatedSendOptions extends Omit<QueueOptions, 'callers'> {
  /** Sends the smallest request for another subject, to see whether Spotify works. Fails as `send` would. */
  probe: (subject: string) => Promise<unknown>
}

/** Sends requests when the gate and the budget allow it, and the probes needed by the gate. */
export class GatedSender {
  readonly #options: GatedSenderOptions
  readonly #controller: GateController

  constructor(options: GatedSenderOptions, controller: GateController) {
    this.#options = options
    this.#controller = controller
  }

  /**
   * Sends the request when the gate and the budget allow it, and calls `onSend` just before. If a probe for
   * another subject is due, before the request or because it failed, sends that probe, too.
   *
   * @throws {Problem} why the request may not be sent, or why it failed.
   */
  async attempt<T>(
    send: () => Promise<T>,
    options: GatedSendOptions,
    onSend: () => void,
  ): Promise<T> {
    const controller = this.#controller
    const { subject, signal, startByMs } = options
    for (;;) {
      while (controller.admission(subject) === 'wait') await controller.changed()
      signal.throwIfAborted()
      if (controller.admission(subject) === 'refused') throw controller.refusal()
      if (this.#options.clock.monotonic() > startByMs) {
        throw new Problem(
          'deadline-exceeded',
          'The lookup waited too long in the queue for Spotify.',
        )
      }
      const subjectToSend = controller.subjectToSend(subject)
      if (subjectToSend !== subject) {
        await this.#probe(subjectToSend, options)
        continue
      }
      const sent = await this.#send(send, subject, options, onSend).catch(async error => {
        await this.verify(options)
        throw error
      })
      if (sent !== undefined) return sent.response
    }
  }

  /** Sends the probe that a failure requires, unless the next request will serve as the probe. */
  async verify(options: GatedSendOptions): Promise<void> {
    const subject = this.#controller.subjectToSend(options.subject)
    if (!this.#controller.isOpen || subject === options.subject || options.signal.aborted) return
    // The caller gets the original failure; if the probe is inconclusive, the next request sends another.
    await this.#probe(subject, options).catch(() => {})
  }

  /**
   * Sends the probe for `subject` on behalf of the request with these options. The gate then knows the
   * outcome.
   *
   * @throws the probe failure, if it is inconclusive.
   */
  async #probe(subject: string, options: GatedSendOptions): Promise<void> {
    const send = () => options.probe(subject)
    await this.#send(send, subject, options, () => {}).catch(error => {
      if (this.#outcomeOf(error, options.signal).kind === 'unknown') throw error
    })
  }

  /**
   * Sends the request, as the probe if a probe is due. Resolves with undefined, without a request, if the gate
   * has to decide again.
   */
  async #send<T>(
    send: () => Promise<T>,
    subject: string,
    options: GatedSendOptions,
    onSend: () => void,
  ): Promise<{ response: T } | undefined> {
    const controller = this.#controller
    const { budget, peers, clock } = this.#options
    const { signal, startByMs, isRevalidation } = options
    // The probe begins before the first await; otherwise several requests would send a probe.
    const isProbe = controller.admission(options.subject) === 'probe'
    const probe = isProbe ? controller.beginProbe(options.subject) : undefined
    // Each gate verifies failures for itself; only closed gates share one probe.
    const isShared = probe?.name === 'probing'
    const releaseProbe = isShared && peers ? await peers.acquireProbe() : () => {}
    if (releaseProbe === undefined) {
      controller.deferProbe(probe)
      return undefined
    }
    let sentAt = 0
    const end = (outcome: Outcome) => {
      controller.end(outcome, { subject, probe, sentAt })
      releaseProbe()
    }
    try {
      const refund = await budget.reserve(isRevalidation)
      // Meanwhile the caller might have disconnected, or the gate might have closed.
      const isStillDue = isProbe
        ? controller.state === probe
        : controller.admission(subject) === 'send'
      if (!isStillDue || signal.aborted || clock.monotonic() > startByMs) {
        refund()
        end({ kind: 'unknown' })
        return undefined
      }
      // No await between here and the request.
      onSend()
      sentAt = clock.now()
      const response = await send()
      end({ kind: 'succeeded' })
      return { response }
    } catch (error) {
      end(this.#outcomeOf(error, signal))
      throw error
    }
  }

  #outcomeOf(error: unknown, signal: AbortSignal): Outcome {
    if (signal.aborted && error === signal.reason) return { kind: 'unknown' }
    return outcomeOf(asProblem(error), this.#options.clock.now())
  }
}
