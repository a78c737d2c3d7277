import { askAgainAt } from '../ask-again.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { asProblem, Problem } from '../problems.ts'
import type { RequestBudget } from './daily-budget.ts'
import { logChange } from './gate-log.ts'
import {
  admission,
  after,
  afterAnswerElsewhere,
  afterPauseElsewhere,
  type GateState,
  OPEN,
  type Outcome,
  outcomeOf,
  probedElsewhere,
  probing,
} from './gate-state.ts'
import { stateStatus } from './gate-status.ts'
import type { OtherGates } from './other-gates.ts'
import { takePermit } from './permit.ts'

/**
 * What those are told who come while a probe is under way, and when another gate is asked again
 * whether its probe is over.
 */
const PROBE_MS = 1000

export interface DoorOptions {
  budget: RequestBudget
  /** Those of other replicas; left out when there are none. */
  others?: OtherGates
  clock: Clock
  /** A number from 0 (included) to 1 (excluded). */
  random: () => number
  log: Log
}

interface DoorTerms {
  subject: string
  isRefresh: boolean
  signal: AbortSignal
  /** On the monotonic clock. */
  startByMs: number
}

/** Keeps the state of the gate: lets requests through by it and changes it by what they come to. */
export class GateDoor {
  readonly #options: DoorOptions
  readonly #onChange: (() => void)[] = []
  #state: GateState = OPEN

  constructor(options: DoorOptions) {
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

  get isOpen(): boolean {
    return this.#state.name === 'open'
  }

  get status() {
    return stateStatus(this.#state, this.#nowMs, this.#wall)
  }

  /**
   * Sends when the state and the budget let it; `onLeave` is called when it does.
   *
   * @throws {Problem} why it may not, or what it failed with.
   */
  async attempt<T>(send: () => Promise<T>, terms: DoorTerms, onLeave: () => void): Promise<T> {
    const { budget, others, clock } = this.#options
    const { subject, signal, startByMs, isRefresh } = terms
    for (;;) {
      while (this.#admission(subject) === 'wait') {
        await new Promise<void>(resolve => this.#onChange.push(resolve))
      }
      signal.throwIfAborted()
      if (this.#admission(subject) === 'refused') throw this.#closed()
      if (this.#nowMs > startByMs) {
        throw new Problem('deadline-exceeded', 'Too many lookups were waiting for Spotify.')
      }
      // A probe is one from here on, or several requests would find that they are.
      const isProbe = !this.isOpen
      if (isProbe) this.#change(probing(this.#state, subject))
      const probe = isProbe ? this.#state : undefined
      const dropProbe = () => this.#end({ kind: 'unknown' }, subject, probe)
      const taken = takePermit(budget, others, { isProbe, isRefresh }, dropProbe)
      const permit = taken instanceof Promise ? await taken : taken
      if (permit === undefined) {
        if (probe === this.#state) {
          this.#change(probedElsewhere(this.#state, this.#nowMs + PROBE_MS))
        }
        continue
      }
      // While the permit was waited for, the caller may have left or another gate told of a pause.
      const isStillDue = isProbe ? this.#state === probe : this.#admission(subject) === 'leave'
      if (!isStillDue || signal.aborted || this.#nowMs > startByMs) {
        permit.giveBack()
        dropProbe()
        continue
      }
      // From here to the request nothing waits.
      onLeave()
      const sentAt = clock.now()
      const end = (outcome: Outcome) => {
        this.#end(outcome, subject, probe, sentAt)
        permit.end()
      }
      const answer = await send().catch((error: unknown) => {
        const isGivenUp = signal.aborted && error === signal.reason
        end(isGivenUp ? { kind: 'unknown' } : outcomeOf(asProblem(error), clock.now()))
        throw error
      })
      end({ kind: 'answered' })
      return answer
    }
  }

  /** Closes for a refusal that no single request shows. */
  report(refusal: Problem, subject: string): void {
    this.#end(outcomeOf(refusal, this.#options.clock.now()), subject, undefined)
  }

  /** The failure that has closed the gate tells until when. */
  withPause<E>(failure: E): E | Problem {
    const state = this.#state
    if (state.name !== 'paused' || state.cause !== failure) return failure
    if (state.cause.retryAt !== undefined) return failure
    return askAgainAt(state.cause, this.#wall(state.untilMs), true)
  }

  get #nowMs(): number {
    return this.#options.clock.monotonic()
  }

  readonly #wall = (monotonicMs: number) => this.#options.clock.now() + (monotonicMs - this.#nowMs)

  #admission(subject: string) {
    return admission(this.#state, subject, this.#nowMs)
  }

  #change(next: GateState): void {
    if (next === this.#state) return
    const before = this.#state
    this.#state = next
    for (const wake of this.#onChange.splice(0)) wake()
    logChange(this.#options.log, before, next, this.#wall)
  }

  /** `probe` is the state that the request was sent in as the probe; others may have changed it. */
  #end(outcome: Outcome, subject: string, probe: GateState | undefined, sentAt = 0): void {
    const { random, others } = this.#options
    const before = this.#state
    const isProbe = before === probe
    const report = { outcome, subject, isProbe, nowMs: this.#nowMs, jitter: random() }
    this.#change(after(before, report))
    const state = this.#state
    if (others === undefined || state === before || outcome.kind === 'unknown') return
    if (state.name === 'paused') {
      const { cause, untilMs, pauses } = state
      others.tellPaused({ cause, until: this.#wall(untilMs), pauses })
    }
    if (state === OPEN && before.name !== 'open') others.tellOpened(sentAt)
  }

  /** What a request that may not leave fails with. */
  #closed(): Problem {
    const shut = this.#state as Exclude<GateState, { name: 'open' }>
    const isPaused = shut.name === 'paused'
    const retryAt = isPaused ? this.#wall(shut.untilMs) : this.#wall(this.#nowMs + PROBE_MS)
    return askAgainAt(shut.cause, retryAt, false)
  }
}
