import pLimit from 'p-limit'
import { type Clock, pause } from '../clock.ts'
import { Problem } from '../problems.ts'

const MAX_ATTEMPTS = 3
const FIRST_BACK_OFF_MS = 400

export interface GateOptions {
  /** Web API requests under way at once, all lookups together. */
  concurrency: number
  clock: Clock
  /** A number from 0 (included) to 1 (excluded), for full jitter between attempts. */
  random: () => number
}

/** Until when the requests of one lookup may leave; instants are on the monotonic clock. */
export interface Terms {
  /** Aborted when nothing of the lookup is wanted any more. */
  signal: AbortSignal
  /** A request that is still queued then is not sent. */
  startByMs: number
  /** No request is sent again from then on. */
  retryByMs: number
}

/** Every Web API request passes here; it decides whether one may leave now, and how often. */
export interface Gate {
  /**
   * Sends once a place is free, and again after a transient failure: at most 3 attempts, with
   * exponential back-off and full jitter. While Spotify has asked for silence nothing is sent.
   *
   * @throws {Problem} the last failure, the refusal that stands, or `deadline-exceeded` when no
   * place was free in time. Whatever the signal was aborted with is thrown as it is.
   */
  pass<T>(send: () => Promise<T>, terms: Terms): Promise<T>
}

export function createGate({ concurrency, clock, random }: GateOptions): Gate {
  const places = pLimit(concurrency)
  let refusal: Refusal | undefined

  async function attempt<T>(send: () => Promise<T>, terms: Terms): Promise<T> {
    terms.signal.throwIfAborted()
    if (refusal !== undefined && clock.now() < refusal.retryAt) throw refusal
    if (clock.monotonic() > terms.startByMs) {
      throw new Problem('deadline-exceeded', 'Too many lookups were waiting for Spotify.')
    }
    try {
      return await send()
    } catch (error) {
      // Requests that were under way together may be refused for different times.
      if (isRefusal(error) && !(refusal && refusal.retryAt > error.retryAt)) refusal = error
      throw error
    }
  }

  return {
    async pass(send, terms) {
      for (let attempts = 1; ; attempts++) {
        try {
          return await places(() => attempt(send, terms))
        } catch (error) {
          if (!(error instanceof Problem && error.transient) || attempts === MAX_ATTEMPTS)
            throw error
          const delayMs = random() * FIRST_BACK_OFF_MS * 2 ** (attempts - 1)
          if (clock.monotonic() + delayMs >= terms.retryByMs) throw error
          await pause(clock, delayMs, terms.signal)
        }
      }
    },
  }
}

type Refusal = Problem & { retryAt: number }

/** Asking on while refused makes the refusal last longer, so it stands for every user. */
function isRefusal(error: unknown): error is Refusal {
  return (
    error instanceof Problem &&
    (error.type === 'spotify-rate-limited' || error.type === 'spotify-quota-exceeded')
  )
}
