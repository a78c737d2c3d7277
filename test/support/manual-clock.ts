import type { Clock } from '../../src/lib/clock.ts'

interface Timer {
  dueMs: number
  task: () => void
}

/** A clock moved only by the test. The wall clock starts at a fixed instant. */
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

  /** Advances both clocks and runs each due timer at the proper instant, in order. */
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

  /** Advances both clocks as if the process had been suspended: due timers run late. */
  suspend(durationMs: number): void {
    this.#moveTo(this.#elapsedMs + durationMs)
  }

  /**
   * Advances both clocks in steps until the work is done. A 0 ms step runs due timers, such as retries
   * without a back-off.
   */
  async runUntil<T>(work: Promise<T>, stepMs = 0): Promise<T> {
    let isDone = false
    const done = work.finally(() => {
      isDone = true
    })
    // The caller gets the failure; this only waits for the end.
    done.catch(() => {})
    while (!isDone) await this.advance(stepMs)
    return done
  }

  /** Sets only the wall clock, as NTP or an operator would. */
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

/** Lets resolved promises continue, without waiting for time to pass. */
async function settle(): Promise<void> {
  for (let tick = 0; tick < 3; tick++) await new Promise(resolve => setImmediate(resolve))
}
