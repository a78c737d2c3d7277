import type { Clock } from './clock.ts'

const MAX_WAITING_BYTES = 4 * 1024 ** 2
const FIRST_RETRY_MS = 1
const MAX_RETRY_MS = 100

export interface LogDestinationOptions {
  /**
   * Writes without blocking and returns how many bytes the system took. Throws an error with code
   * `EAGAIN` when it takes none for now, and any other when the bytes cannot be written.
   */
  write: (bytes: Uint8Array) => number
  clock: Clock
  /** Called when lines are written again, with the number that was dropped before. */
  onResume: (droppedLines: number) => void
  /** Bound on the lines that wait for their reader; 4 MiB when left out. */
  maxWaitingBytes?: number
}

/**
 * Where log lines go. Neither a full disk nor a reader that hangs may hold up the service: lines that
 * cannot be written are dropped and counted, and so are lines beyond what may wait for the reader.
 * What is written stays in order, and each line on a line of its own.
 */
export class LogDestination {
  readonly #options: Required<LogDestinationOptions>
  /** The first may have been written in part. While there are any, a retry is scheduled. */
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** Whether the last line that was written lacks its end. */
  #isCutOff = false
  #dropped = 0
  #reported = 0

  constructor(options: LogDestinationOptions) {
    this.#options = { maxWaitingBytes: MAX_WAITING_BYTES, ...options }
  }

  /** How many lines have been dropped so far. */
  get dropped(): number {
    return this.#dropped
  }

  /** Takes a line with its newline. Never blocks and never throws. */
  write(line: string): void {
    if (this.#waiting.length === 0) {
      this.#keep(Buffer.from(this.#isCutOff ? `\n${line}` : line))
      this.#drain(FIRST_RETRY_MS)
      return
    }
    const bytes = Buffer.from(line)
    const hasRoom = this.#waitingBytes + bytes.length <= this.#options.maxWaitingBytes
    // After a dropped line all are dropped until none waits, so that there is one gap and one report.
    if (hasRoom && this.#dropped === this.#reported) this.#keep(bytes)
    else this.#dropped++
  }

  /** Resolves when no line waits, and after `limitMs` milliseconds at the latest. */
  async flush(limitMs: number): Promise<void> {
    const { clock } = this.#options
    const endMs = clock.monotonic() + limitMs
    while (this.#waiting.length > 0 && clock.monotonic() < endMs) {
      await new Promise<void>(resolve => {
        clock.schedule(FIRST_RETRY_MS, resolve)
      })
    }
  }

  #keep(bytes: Buffer): void {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
  }

  /** Writes the lines that wait; those for which there is no room are tried again after `retryMs`. */
  #drain(retryMs: number): void {
    let nextRetryMs = retryMs
    for (let line = this.#waiting[0]; line !== undefined; line = this.#waiting[0]) {
      const taken = this.#bytesTaken(line)
      if (taken === undefined) {
        this.#dropWaiting()
        return
      }
      this.#waitingBytes -= taken
      if (taken > 0) {
        this.#isCutOff = taken < line.length
        nextRetryMs = FIRST_RETRY_MS
      }
      if (taken < line.length) {
        this.#waiting[0] = line.subarray(taken)
        this.#retryAfter(nextRetryMs)
        return
      }
      this.#waiting.shift()
    }
    this.#reportDropped()
  }

  /** How much of a line could be written; undefined when it cannot be written at all. */
  #bytesTaken(line: Buffer): number | undefined {
    try {
      return this.#options.write(line)
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : undefined
    }
  }

  #retryAfter(delayMs: number): void {
    const followingMs = Math.min(2 * delayMs, MAX_RETRY_MS)
    this.#options.clock.schedule(delayMs, () => this.#drain(followingMs))
  }

  #dropWaiting(): void {
    this.#dropped += this.#waiting.length
    this.#waiting = []
    this.#waitingBytes = 0
  }

  #reportDropped(): void {
    const lines = this.#dropped - this.#reported
    if (lines === 0) return
    this.#reported = this.#dropped
    this.#options.onResume(lines)
  }
}
