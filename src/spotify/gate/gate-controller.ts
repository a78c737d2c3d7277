import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/logger.ts'
import { Problem, withRetryAt } from '../../problems/problem.ts'
import { lookupsPaused } from './diagnosis.ts'
import { type Evidence, NO_EVIDENCE, withReport } from './gate-evidence.ts'
import { DENIED_PAUSE_MS, type Outcome, outcomeOf } from './gate-outcome.ts'
import type { GatePeers } from './gate-peers.ts'
import { logChange, stateStatus } from './gate-report.ts'
import {
  type Admission,
  admission,
  after,
  afterRemotePause,
  afterRemoteProbe,
  type ClosedState,
  type GateState,
  isClosed,
  OPEN,
  probing,
  subjectOfProbe,
  withRemoteProbe,
} from './gate-state.ts'

/**
 * Retry-After for lookups that fail while a probe is in flight, and how long this gate waits before trying to
 * acquire the right to probe again.
 */
const PROBE_MS = 1000

export interface ControllerOptions {
  /** The other replicas' gates; undefined without other replicas. */
  peers?: GatePeers | undefined
  clock: Clock
  /** A number from 0 (included) to 1 (excluded). */
  random: () => number
  log: Log
}

/** An ended request. */
interface Ended {
  subject: string
  /** For a probe, the state it began; the gate might have left that state since. */
  probe: GateState | undefined
  /** Epoch milliseconds. */
  sentAt: number
}

/** Holds the gate state. Request outcomes and peer messages change the state. */
export class GateController {
  readonly #options: ControllerOptions
  readonly #onChange: (() => void)[] = []
  #state: GateState = OPEN
  #evidence: Evidence = NO_EVIDENCE

  constructor(options: ControllerOptions) {
    this.#options = options
    options.peers?.listen({
      paused: ({ cause, until, pauses }) => {
        const untilMs = this.#nowMs + (until - options.clock.now())
        this.#change(afterRemotePause(this.#state, { cause, untilMs, pauses }))
      },
      opened: probedAt => {
        const sentMs = this.#nowMs + (probedAt - options.clock.now())
        this.#change(afterRemoteProbe(this.#state, sentMs))
      },
    })
  }

  get state(): GateState {
    return this.#state
  }

  get isOpen(): boolean {
    return !isClosed(this.#state)
  }

  get status() {
    return stateStatus(this.#state, this.#nowMs, this.#wall)
  }

  /** How a request for this subject is admitted now. */
  admission(subject: string): Admission {
    return admission(this.#state, this.#evidence, subject, this.#nowMs)
  }

  /** Resolves at the next state change. */
  changed(): Promise<void> {
    return new Promise(resolve => this.#onChange.push(resolve))
  }

  /** The subject for the next request: the due probe's subject, or else `subject`. */
  subjectToSend(subject: string): string {
    if (this.admission(subject) !== 'probe') return subject
    return subjectOfProbe(this.#state, this.#evidence, subject)
  }

  /** Begins the probe for a request for this subject, so no other request begins a probe. */
  beginProbe(subject: string): GateState {
    this.#change(probing(this.#state, subject))
    return this.#state
  }

  /** Leaves a probe begun by this gate to the peer with the right to probe. */
  deferProbe(probe: GateState | undefined): void {
    if (probe === this.#state) {
      this.#change(withRemoteProbe(this.#state, this.#nowMs + PROBE_MS))
    }
  }

  /** Records a request's outcome, and publishes a state change to the peers. */
  end(outcome: Outcome, { subject, probe, sentAt }: Ended): void {
    const { random, peers } = this.#options
    const before = this.#state
    const isProbe = before === probe
    const report = { outcome, subject, isProbe, nowMs: this.#nowMs, jitter: random() }
    this.#evidence = withReport(this.#evidence, report)
    this.#change(after(before, this.#evidence, report))
    const state = this.#state
    if (peers === undefined || state === before) return
    if (state.name === 'paused' && state.untilMs > this.#nowMs) {
      const { cause, untilMs, pauses } = state
      peers.publishPause({ cause, until: this.#wall(untilMs), pauses })
    }
    if (state === OPEN && isClosed(before) && outcome.kind === 'succeeded')
      peers.publishOpened(sentAt)
  }

  /** The problem for a request refused by the closed gate. */
  refusal(): Problem {
    const closed = this.#state as ClosedState
    const untilMs = closed.name === 'paused' ? closed.untilMs : this.#nowMs + PROBE_MS
    return lookupsPaused(closed.cause, this.#wall(untilMs))
  }

  /** The request failure, with the earliest instant when a retry might succeed. */
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
