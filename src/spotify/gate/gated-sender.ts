import type { Clock } from '../../lib/clock.ts'
import { asProblem, Problem } from '../../problems/problem.ts'
import type { QueueTerms } from './admission-queue.ts'
import type { GateController } from './gate-controller.ts'
import { type Outcome, outcomeOf } from './gate-outcome.ts'
import type { OtherGates } from './gate-peers.ts'
import type { GiveBack, RequestBudget } from './request-quota.ts'

export interface DoorOptions {
  budget: RequestBudget
  /** The gates of other replicas; left out when there are none. */
  others?: OtherGates
  clock: Clock
}

/** What one request is sent for. */
export interface DoorTerms extends Omit<QueueTerms, 'callers'> {
  /** Sends the smallest request about another subject, to see whether Spotify answers. Fails as `send` would. */
  probe: (subject: string) => Promise<unknown>
}

/** What one request has reserved before it is sent. */
interface Reservation {
  /** Returns the request to the budget when it is not sent. */
  refund: GiveBack
  /** Ends the turn to probe, once the gate knows the outcome. */
  endTurn(): void
}

/** Sends requests when the gate and the budget let them, and the probes that the gate needs. */
export class GateDoor {
  readonly #options: DoorOptions
  readonly #controller: GateController

  constructor(options: DoorOptions, controller: GateController) {
    this.#options = options
    this.#controller = controller
  }

  /**
   * Sends when the gate and the budget let it; `onLeave` is called when it does. Where a probe of
   * another subject is due, that one is sent before, and after a failure that may be about all
   * subjects.
   *
   * @throws {Problem} why it may not, or what it failed with.
   */
  async attempt<T>(send: () => Promise<T>, terms: DoorTerms, onLeave: () => void): Promise<T> {
    const controller = this.#controller
    const { subject, signal, startByMs } = terms
    for (;;) {
      while (controller.admission(subject) === 'wait') await controller.changed()
      signal.throwIfAborted()
      if (controller.admission(subject) === 'refused') throw controller.closed()
      if (this.#options.clock.monotonic() > startByMs) {
        throw new Problem('deadline-exceeded', 'Too many lookups were waiting for Spotify.')
      }
      const subjectToSend = controller.subjectToSend(subject)
      if (subjectToSend !== subject) {
        await this.#probe(subjectToSend, terms)
        continue
      }
      const sent = await this.#send(send, subject, terms, onLeave).catch(async error => {
        await this.verify(terms)
        throw error
      })
      if (sent !== undefined) return sent.response
    }
  }

  /** Finds out what a failure means for the other subjects, unless the next request is to do it. */
  async verify(terms: DoorTerms): Promise<void> {
    const subject = this.#controller.subjectToSend(terms.subject)
    if (!this.#controller.isOpen || subject === terms.subject || terms.signal.aborted) return
    // The failure counts here; a probe that tells nothing is left to the next request.
    await this.#probe(subject, terms).catch(() => {})
  }

  /**
   * Sends a request about this subject in place of the one that the terms are for. The gate knows
   * afterwards what it tells.
   *
   * @throws what it failed with, when that tells nothing about Spotify.
   */
  async #probe(subject: string, terms: DoorTerms): Promise<void> {
    const send = () => terms.probe(subject)
    await this.#send(send, subject, terms, () => {}).catch(error => {
      if (this.#outcomeOf(error, terms.signal).kind === 'unknown') throw error
    })
  }

  /** Sends at once, as the probe where one is due; undefined when something came in between. */
  async #send<T>(
    send: () => Promise<T>,
    subject: string,
    terms: DoorTerms,
    onLeave: () => void,
  ): Promise<{ response: T } | undefined> {
    const controller = this.#controller
    const { clock } = this.#options
    const { signal, startByMs, isRefresh } = terms
    // A probe is one from here on, or several requests would find that they are.
    const isProbe = controller.admission(terms.subject) === 'probe'
    const probe = isProbe ? controller.beginProbe(terms.subject) : undefined
    let sentAt = 0
    const end = (outcome: Outcome) => controller.end(outcome, { subject, probe, sentAt })
    // Each gate finds out for itself whether to close, so only probes of closed ones take turns.
    const takesTurn = probe?.name === 'probing'
    const reservation = await this.#reserve(takesTurn, isRefresh).catch((error: unknown) => {
      end({ kind: 'unknown' })
      throw error
    })
    if (reservation === undefined) {
      controller.leaveProbe(probe)
      return undefined
    }
    // Meanwhile the caller may have left, or the gate may have closed.
    const isStillDue = isProbe
      ? controller.state === probe
      : controller.admission(subject) === 'leave'
    if (!isStillDue || signal.aborted || clock.monotonic() > startByMs) {
      reservation.refund()
      reservation.endTurn()
      end({ kind: 'unknown' })
      return undefined
    }
    // From here to the request nothing waits.
    onLeave()
    sentAt = clock.now()
    const response = await send().catch((error: unknown) => {
      end(this.#outcomeOf(error, signal))
      reservation.endTurn()
      throw error
    })
    end({ kind: 'answered' })
    reservation.endTurn()
    return { response }
  }

  /**
   * Reserves the turn to probe, if the request needs it, and then one request of the budget. Undefined
   * when it is the turn of another gate.
   *
   * @throws {Problem} `quota-budget-spent`
   */
  async #reserve(takesTurn: boolean, isRefresh: boolean): Promise<Reservation | undefined> {
    const { budget, others } = this.#options
    const endTurn = takesTurn && others !== undefined ? await others.probe() : () => {}
    if (endTurn === undefined) return undefined
    try {
      const refund = await budget.take(isRefresh)
      return { refund, endTurn }
    } catch (error) {
      endTurn()
      throw error
    }
  }

  #outcomeOf(error: unknown, signal: AbortSignal): Outcome {
    if (signal.aborted && error === signal.reason) return { kind: 'unknown' }
    return outcomeOf(asProblem(error), this.#options.clock.now())
  }
}
