import type { Clock } from '../../src/lib/clock.ts'

interface Timer {
  dueMs: number
  task: () => void
}

/** A clock that stands still until a test moves it. Starts at a fixed instant, not at 0. */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>()
  #elapsedMs = 0
  #wallMs: number

  constructor(startMs = Date.UTC(2026, 10, 23)) {
    this.#wallMs = startMs
  }

  now(): number {
    return this.#wallMs
  }

  monotonic(): number {
    return this.#elapsedMs
  }

  schedule(delayMs: number, task: () => void): () => void {
    const timer = { dueMs: this.#elapsedMs + delayMs, task }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Moves both clocks on, running what falls due at its own instant and in order. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#elapsedMs + durationMs
    for (let next = this.#nextDue(endMs); next !== undefined; next = this.#nextDue(endMs)) {
      this.#moveTo(Math.max(next.dueMs, this.#elapsedMs))
      this.#timers.delete(next)
      next.task()
      await settle()
    }
    this.#moveTo(endMs)
    await settle()
  }

  /** Moves both clocks on while the process is suspended: what falls due runs afterwards. */
  suspend(durationMs: number): void {
    this.#moveTo(this.#elapsedMs + durationMs)
  }

  /** Runs what is due now, such as retries whose back-off has no length, until the work is done. */
  async runUntil<T>(work: Promise<T>): Promise<T> {
    let isDone = false
    const done = work.finally(() => {
      isDone = true
    })
    // Whoever awaits the work gets its failure; this is only about its end.
    done.catch(() => {})
    while (!isDone) await this.advance(0)
    return done
  }

  /** Corrects the wall clock alone, as NTP or an operator would. */
  setWall(epochMs: number): void {
    this.#wallMs = epochMs
  }

  /** Milliseconds until each timer that waits, soonest first. */
  get pending(): number[] {
    return [...this.#timers].map(timer => timer.dueMs - this.#elapsedMs).sort((a, b) => a - b)
  }

  #nextDue(endMs: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer
    }
    return next
  }

  #moveTo(elapsedMs: number): void {
    this.#wallMs += elapsedMs - this.#elapsedMs
    this.#elapsedMs = elapsedMs
  }
}

/** Lets everything that is already resolved run on; it waits for no time to pass. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
}
