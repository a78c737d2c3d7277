import type { Clock } from './clock.ts'

const MAX_WAITING_BYTES = 4 * 1024 ** 2
const FIRST_RETRY_MS = 1
const MAX_RETRY_MS = 100

export interface LogDestinationOptions {
  /**
   * Writes without blocking and returns the number of bytes written. Throws an error with code `EAGAIN` if
   * the reader is not ready, and any other error if the write fails.
   */
  write: (bytes: Uint8Array) => number
  clock: Clock
  /** Called when writes succeed again, with the number of dropped lines. */
  onResume: (droppedLines: number) => void
  /** The maximum total size of waiting lines; 4 MiB by default. */
  maxWaitingBytes?: number
}

/**
 * Writes log lines without ever blocking the service, even if the disk is full or the reader hangs. Drops
 * and counts lines it can neither write nor queue. Lines stay in order and never merge.
 */
export class LogDestination {
  readonly #options: Required<LogDestinationOptions>
  /** Waiting lines; the first might be partly written. While a line waits, a retry is scheduled. */
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** Whether the last written line is incomplete. */
  #isCutOff = false
  #dropped = 0
  #reported = 0

  constructor(options: LogDestinationOptions) {
    this.#options = { maxWaitingBytes: MAX_WAITING_BYTES, ...options }
  }

  /** Lines dropped since process start. */
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
    // After a dropped line, drops each line until no line waits, so the log has one gap and one report.
    if (hasRoom && this.#dropped === this.#reported) this.#keep(bytes)
    else this.#dropped++
  }

  /** Resolves when no line waits, or after `limitMs`. */
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

  /** Writes the waiting lines; retries the rest after `retryMs`. */
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

  /** Returns the number of bytes written; undefined if the write fails. */
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
