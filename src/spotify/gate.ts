import { askAgainAt } from '../ask-again.ts'
import { type Clock, pause } from '../clock.ts'
import type { Log } from '../log.ts'
import { asProblem, Problem, type ProblemType } from '../problems.ts'
import type { DailyBudget } from './daily-budget.ts'
import { type Diagnosis, diagnosisOf } from './diagnosis.ts'
import { logChange } from './gate-log.ts'
import {
  admission,
  after,
  type GateState,
  OPEN,
  type Outcome,
  outcomeOf,
  probing,
} from './gate-state.ts'
import { LookupQueue } from './lookup-queue.ts'
import { RetryBudget } from './retry-budget.ts'

export const MAX_ATTEMPTS = 3
const FIRST_BACK_OFF_MS = 400
/** What those are told who come while a probe is under way. */
const PROBE_MS = 1000

export interface GateOptions {
  /** Web API requests under way at once, all lookups together. */
  concurrency: number
  /** Lookups that may wait for their first place. */
  queue: number
  budget: DailyBudget
  clock: Clock
  /** A number from 0 (included) to 1 (excluded), for full jitter between attempts. */
  random: () => number
  log: Log
}

/** Until when the requests of one lookup may leave; instants are on the monotonic clock. */
export interface Terms {
  /** Whose lookup it is: failures of one subject alone are no outage. */
  subject: string
  /** Whether nobody waits for it, since it refreshes what has been answered. */
  isBackground: boolean
  /** Aborted when nothing of the lookup is wanted any more. */
  signal: AbortSignal
  /** A request that is still queued then is not sent; infinite once the lookup has begun. */
  startByMs: number
  /** No request is sent again from then on. */
  retryByMs: number
}

export interface GateStatus {
  readonly state: GateState['name']
  /** Why it is not open. */
  readonly diagnosis: Diagnosis | undefined
  /** Epoch milliseconds until which nothing is sent. */
  readonly pausedUntil: number | undefined
  /** The type of the problem that has closed it. */
  readonly reason: ProblemType | undefined
  /** Requests sent again since the start. */
  readonly retries: number
  readonly inFlight: number
  readonly queued: number
}

/** Every Web API request passes here; it decides whether one may leave now, and how often. */
export interface Gate {
  /**
   * Sends once a place is free, and again after a transient failure: as often as `attempts` has
   * left, which counts down, with exponential back-off, full jitter and within the retry budget.
   * While Spotify refuses or is out of order nothing is sent but one probe at a time. Only a
   * Problem tells the gate something about Spotify.
   *
   * @throws {Problem} the last failure, what keeps the gate closed, `quota-budget-spent`,
   * `overloaded` or, when no place was free in time, `deadline-exceeded`. Whatever the signal was
   * aborted with is thrown as it is.
   */
  pass<T>(send: () => Promise<T>, terms: Terms, attempts?: { left: number }): Promise<T>
  /**
   * Closes for a refusal that no single request shows, such as a 401 that a new token meets, too.
   * Returns it with the instant of the next probe.
   */
  report(refusal: Problem, subject: string): Problem
  status(): GateStatus
}

export function createGate(options: GateOptions): Gate {
  const { budget, clock, random, log } = options
  const queue = new LookupQueue(options)
  const retries = new RetryBudget()
  let state: GateState = OPEN
  let retried = 0
  const onChange: (() => void)[] = []

  function change(next: GateState): void {
    if (next === state) return
    const before = state
    state = next
    for (const wake of onChange.splice(0)) wake()
    logChange(log, before, state, wall)
  }

  const wall = (monotonicMs: number) => clock.now() + (monotonicMs - clock.monotonic())

  /** What a request that may not leave fails with. */
  function closed(): Problem {
    const shut = state as Exclude<GateState, { name: 'open' }>
    const retryAt = shut.name === 'paused' ? wall(shut.untilMs) : clock.now() + PROBE_MS
    return askAgainAt(shut.cause, retryAt, false)
  }

  /** The failure that has closed the gate tells until when. */
  function withPause<E>(failure: E): E | Problem {
    if (state.name !== 'paused' || state.cause !== failure) return failure
    if (state.cause.retryAt !== undefined) return failure
    return askAgainAt(state.cause, wall(state.untilMs), true)
  }

  async function attempt<T>(send: () => Promise<T>, terms: Terms, isRetry: boolean): Promise<T> {
    const { subject, signal, startByMs, isBackground } = terms
    let verdict = admission(state, subject, clock.monotonic())
    while (verdict === 'wait') {
      await new Promise<void>(resolve => onChange.push(resolve))
      verdict = admission(state, subject, clock.monotonic())
    }
    signal.throwIfAborted()
    // From here to the request nothing waits, or several would find that they are the one probe.
    if (verdict === 'refused') throw closed()
    if (clock.monotonic() > startByMs) {
      throw new Problem('deadline-exceeded', 'Too many lookups were waiting for Spotify.')
    }
    budget.check(isBackground)
    const isProbe = verdict === 'probe'
    if (isProbe) change(probing(state, subject))
    budget.count()
    if (isRetry) retried++
    retries.count(clock.monotonic())
    const answer = await send().catch((error: unknown) => {
      const isGivenUp = signal.aborted && error === signal.reason
      const outcome = outcomeOf(asProblem(error), clock.now())
      end(isGivenUp ? { kind: 'unknown' } : outcome, subject, isProbe)
      throw error
    })
    end({ kind: 'answered' }, subject, isProbe)
    return answer
  }

  function end(outcome: Outcome, subject: string, isProbe: boolean): void {
    change(after(state, { outcome, subject, isProbe, nowMs: clock.monotonic(), jitter: random() }))
  }

  /** How long to wait before the next attempt; undefined when there must be none. */
  function backOffMs(failure: unknown, tried: number, { retryByMs }: Terms): number | undefined {
    if (!(failure instanceof Problem && failure.transient) || state.name !== 'open')
      return undefined
    const nowMs = clock.monotonic()
    const delayMs = random() * FIRST_BACK_OFF_MS * 2 ** (tried - 1)
    return nowMs + delayMs < retryByMs && retries.take(nowMs) ? delayMs : undefined
  }

  return {
    async pass(send, terms, attempts = { left: MAX_ATTEMPTS }) {
      for (let tried = 1; ; tried++) {
        attempts.left--
        try {
          return await queue.inPlace(() => attempt(send, terms, tried > 1), terms)
        } catch (error) {
          const delayMs = attempts.left > 0 ? backOffMs(error, tried, terms) : undefined
          if (delayMs === undefined) throw withPause(error)
          await pause(clock, delayMs, terms.signal)
        }
      }
    },
    report(refusal, subject) {
      end(outcomeOf(refusal, clock.now()), subject, false)
      return withPause(refusal)
    },
    status() {
      const counts = { inFlight: queue.inFlight, queued: queue.queued, retries: retried }
      if (state.name === 'open') {
        const none = { reason: undefined, diagnosis: undefined, pausedUntil: undefined }
        return { state: 'open', ...none, ...counts }
      }
      const isPaused = state.name === 'paused' && clock.monotonic() < state.untilMs
      return {
        state: isPaused ? 'paused' : 'probing',
        reason: state.cause.type,
        diagnosis: diagnosisOf(state.cause),
        pausedUntil: isPaused ? wall((state as { untilMs: number }).untilMs) : undefined,
        ...counts,
      }
    },
  }
}
