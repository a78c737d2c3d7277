import pLimit from 'p-limit'
import { type Clock, pause } from '../clock.ts'
import { Problem } from '../problems.ts'

const MAX_ATTEMPTS = 3
const FIRST_BACK_OFF_MS = 200

export interface GateOptions {
  /** Web API requests under way at once, all lookups together. */
  concurrency: number
  clock: Clock
  /** A number from 0 (included) to 1 (excluded), for full jitter between attempts. */
  random: () => number
}

/** Every Web API request passes here; it decides whether one may leave now, and how often. */
export interface Gate {
  /**
   * Sends once a place is free, and again after a transient failure: at most 3 attempts, with
   * exponential back-off and full jitter. While Spotify has asked for silence nothing is sent.
   *
   * @throws {Problem} the last failure, or the refusal that stands. Whatever `signal` was aborted
   * with is thrown as it is.
   */
  pass<T>(send: () => Promise<T>, signal: AbortSignal): Promise<T>
}

export function createGate({ concurrency, clock, random }: GateOptions): Gate {
  const places = pLimit(concurrency)
  let refusal: Problem | undefined

  async function attempt<T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    if (refusal?.retryAt !== undefined && clock.now() < refusal.retryAt) throw refusal
    try {
      return await send()
    } catch (error) {
      if (isRefusal(error)) refusal = error
      throw error
    }
  }

  return {
    async pass(send, signal) {
      for (let attempts = 1; ; attempts++) {
        try {
          return await places(() => attempt(send, signal))
        } catch (error) {
          if (!(error instanceof Problem) || !error.transient || attempts === MAX_ATTEMPTS)
            throw error
        }
        await pause(clock, random() * FIRST_BACK_OFF_MS * 2 ** attempts, signal)
      }
    },
  }
}

/** Asking on while refused makes the refusal last longer, so it stands for every user. */
function isRefusal(error: unknown): error is Problem {
  return (
    error instanceof Problem &&
    (error.type === 'spotify-rate-limited' || error.type === 'spotify-quota-exceeded')
  )
}
