import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/logger.ts'
import { Problem, withRetryAt } from '../../problems/problem.ts'
import { lookupsPaused } from './diagnosis.ts'
import { type Evidence, NO_EVIDENCE, withReport } from './gate-evidence.ts'
import { DENIED_PAUSE_MS, type Outcome, outcomeOf } from './gate-outcome.ts'
import type { OtherGates } from './gate-peers.ts'
import { logChange, stateStatus } from './gate-report.ts'
import {
  type Admission,
  admission,
  after,
  afterAnswerElsewhere,
  afterPauseElsewhere,
  type GateState,
  isShut,
  OPEN,
  probedElsewhere,
  probing,
  type ShutState,
  subjectOfProbe,
} from './gate-state.ts'

/**
 * After so long a request that met a probe under way may be sent again, and another gate is asked
 * again whether its probe is over.
 */
const PROBE_MS = 1000

export interface ControllerOptions {
  /** The gates of other replicas; left out when there are none. */
  others?: OtherGates
  clock: Clock
  /** A number from 0 (included) to 1 (excluded). */
  random: () => number
  log: Log
}

/** A request that has ended. */
interface Ended {
  subject: string
  /** The state that it was sent in as the probe, which others may have changed since. */
  probe: GateState | undefined
  /** Epoch milliseconds. */
  sentAt: number
}

/** Holds the state of the gate and changes it with what is learnt, here and by other gates. */
export class GateController {
  readonly #options: ControllerOptions
  readonly #onChange: (() => void)[] = []
  #state: GateState = OPEN
  #evidence: Evidence = NO_EVIDENCE

  constructor(options: ControllerOptions) {
    this.#options = options
    options.others?.listen({
      paused: ({ cause, until, pauses }) => {
        const untilMs = this.#nowMs + (until - options.clock.now())
        this.#change(afterPauseElsewhere(this.#state, { cause, untilMs, pauses }))
      },
      opened: probedAt => {
        const sentMs = this.#nowMs + (probedAt - options.clock.now())
        this.#change(afterAnswerElsewhere(this.#state, sentMs))
      },
    })
  }

  get state(): GateState {
    return this.#state
  }

  get isOpen(): boolean {
    return !isShut(this.#state)
  }

  get status() {
    return stateStatus(this.#state, this.#nowMs, this.#wall)
  }

  /** What a request of this subject has to do now. */
  admission(subject: string): Admission {
    return admission(this.#state, this.#evidence, subject, this.#nowMs)
  }

  /** Resolves when the state has changed. */
  changed(): Promise<void> {
    return new Promise(resolve => this.#onChange.push(resolve))
  }

  /** The subject to send a request about first: the given one, unless a probe of another is due. */
  subjectToSend(subject: string): string {
    if (this.admission(subject) !== 'probe') return subject
    return subjectOfProbe(this.#state, this.#evidence, subject)
  }

  /** A request of this subject has the probe sent, so that no other one does. */
  beginProbe(subject: string): GateState {
    this.#change(probing(this.#state, subject))
    return this.#state
  }

  /** The probe that was begun is not this gate's to send. */
  leaveProbe(probe: GateState | undefined): void {
    if (probe === this.#state) {
      this.#change(probedElsewhere(this.#state, this.#nowMs + PROBE_MS))
    }
  }

  /** Takes note of what a request came to, and tells the other gates what they should know. */
  end(outcome: Outcome, { subject, probe, sentAt }: Ended): void {
    const { random, others } = this.#options
    const before = this.#state
    const isProbe = before === probe
    const report = { outcome, subject, isProbe, nowMs: this.#nowMs, jitter: random() }
    this.#evidence = withReport(this.#evidence, report)
    this.#change(after(before, this.#evidence, report))
    const state = this.#state
    if (others === undefined || state === before) return
    if (state.name === 'paused' && state.untilMs > this.#nowMs) {
      const { cause, untilMs, pauses } = state
      others.tellPaused({ cause, until: this.#wall(untilMs), pauses })
    }
    if (state === OPEN && isShut(before) && outcome.kind === 'answered') others.tellOpened(sentAt)
  }

  /** What a request that is refused fails with. */
  closed(): Problem {
    const shut = this.#state as ShutState
    const isPaused = shut.name === 'paused'
    const retryAt = isPaused ? this.#wall(shut.untilMs) : this.#wall(this.#nowMs + PROBE_MS)
    return lookupsPaused(shut.cause, retryAt)
  }

  /** The failure of a request, with the instant from which on a retry may help. */
  withPause(failure: unknown): unknown {
    if (!(failure instanceof Problem)) return failure
    const now = this.#options.clock.now()
    const state = this.#state
    const { kind } = outcomeOf(failure, now)
    const named = failure.retryAt ?? 0
    let retryAt = named
    if (kind === 'denied' && named === 0) retryAt = now + DENIED_PAUSE_MS
    if (kind === 'failed' && state.name === 'paused' && state.pauses > 0) {
      retryAt = Math.max(named, this.#wall(state.untilMs))
    }
    return retryAt > named ? withRetryAt(failure, retryAt, true) : failure
  }

  get #nowMs(): number {
    return this.#options.clock.monotonic()
  }

  readonly #wall = (monotonicMs: number) => this.#options.clock.now() + (monotonicMs - this.#nowMs)

  #change(next: GateState): void {
    if (next === this.#state) return
    const before = this.#state
    this.#state = next
    for (const wake of this.#onChange.splice(0)) wake()
    logChange(this.#options.log, before, next, this.#wall)
  }
}
