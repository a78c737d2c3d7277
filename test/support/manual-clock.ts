import type { Clock } from '../../src/lib/clock.ts'

interface Timer {
  dueMs: number
  task: () => void
}

/** A clock that only the test advances. Starts at a fixed instant other than 0. */
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

  /** Advances both clocks, and runs each task at its due instant, in order. */
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

  /** Advances both clocks like a suspended process: due tasks run afterwards. */
  suspend(durationMs: number): void {
    this.#moveTo(this.#elapsedMs + durationMs)
  }

  /** Runs due tasks, such as retries without back-off, until the work is done. */
  async runUntil<T>(work: Promise<T>): Promise<T> {
    let isDone = false
    const done = work.finally(() => {
      isDone = true
    })
    // The caller handles a rejection of the returned promise.
    done.catch(() => {})
    while (!isDone) await this.advance(0)
    return done
  }

  /** Sets only the wall clock, like NTP or an operator. */
  setWall(epochMs: number): void {
    this.#wallMs = epochMs
  }

  /** Milliseconds until each pending timer, soonest first. */
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

/** Runs the continuations of resolved promises, without real time passing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
}
