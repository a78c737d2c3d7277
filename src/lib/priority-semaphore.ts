import type { WaitingCallers } from './waiting-callers.ts'

/** A request that waits. */
interface Waiter {
  /** It gets a place, as one of this caller's. */
  give(caller: string): void
}

/** What one caller has and waits for. */
interface Share {
  places: number
  /** Requests of lookups that have begun, in order. */
  readonly begun: Set<Waiter>
  /** Those of lookups that have not. */
  readonly fresh: Set<Waiter>
}

/** Releases a slot to the next request; calls after the first do nothing. */
export type Release = () => void

/**
 * A bounded number of places for requests to Spotify. Callers that want one take turns. Requests of
 * lookups that have begun come before those of lookups that have not, so that under a flood some are
 * answered in time instead of all too late; but a caller that has more places than its share waits
 * for the others first. Among requests of one caller it is first come, first served.
 */
export class Places {
  readonly #size: number
  /** Of callers that have places or wait, those whose turn comes next first. */
  readonly #shares = new Map<string, Share>()
  #taken = 0

  constructor(size: number) {
    this.#size = size
  }

  /** Requests that have a place. */
  get taken(): number {
    return this.#taken
  }

  /** Whether a request would have to wait. */
  get isFull(): boolean {
    return this.#taken >= this.#size
  }

  /** How many requests that wait come before another one of the caller. */
  before(caller: string): number {
    const own = waiting(this.#shares.get(caller))
    let sum = own
    for (const [name, share] of this.#shares) {
      if (name !== caller) sum += Math.min(waiting(share), own + 1)
    }
    return sum
  }

  /**
   * Resolves when a place is given. Rejects with the signal's reason, and takes none, when aborted
   * first.
   */
  take(isNew: boolean, callers: WaitingCallers, signal: AbortSignal): Promise<Release> {
    if (signal.aborted) return Promise.reject(signal.reason)
    if (!this.isFull) return Promise.resolve(this.#give(callers.first))
    const queue = isNew ? 'fresh' : 'begun'
    return new Promise((resolve, reject) => {
      const leave = () => {
        signal.removeEventListener('abort', onAbort)
        unwatch()
        for (const [name, share] of this.#shares) {
          if (share[queue].delete(waiter)) this.#forgetIdle(name, share)
        }
      }
      const onAbort = () => {
        leave()
        reject(signal.reason)
      }
      const waiter: Waiter = {
        give: caller => {
          resolve(this.#give(caller))
          leave()
        },
      }
      const unwatch = callers.watch(name => this.#shareOf(name)[queue].add(waiter))
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  #give(caller: string): Release {
    const share = this.#shareOf(caller)
    this.#taken++
    share.places++
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#taken--
      share.places--
      this.#next()
      this.#forgetIdle(caller, share)
    }
  }

  /** Gives a free place to the request whose turn it is, if any waits. */
  #next(): void {
    const fair = Math.max(1, Math.floor(this.#size / this.#shares.size))
    const any = Number.POSITIVE_INFINITY
    const next =
      this.#first('begun', fair) ??
      this.#first('fresh', fair) ??
      this.#first('begun', any) ??
      this.#first('fresh', any)
    if (next === undefined) return
    const { caller, share, waiter } = next
    this.#shares.delete(caller)
    this.#shares.set(caller, share)
    waiter.give(caller)
  }

  /** The first request of the caller whose turn is next among those with fewer places. */
  #first(queue: 'begun' | 'fresh', fewerThan: number) {
    for (const [caller, share] of this.#shares) {
      const [waiter] = share[queue]
      if (waiter !== undefined && share.places < fewerThan) return { caller, share, waiter }
    }
    return undefined
  }

  #shareOf(caller: string): Share {
    let share = this.#shares.get(caller)
    if (share === undefined) {
      share = { places: 0, begun: new Set(), fresh: new Set() }
      this.#shares.set(caller, share)
    }
    return share
  }

  #forgetIdle(caller: string, share: Share): void {
    if (share.places + waiting(share) === 0) this.#shares.delete(caller)
  }
}

function waiting(share: Share | undefined): number {
  return share === undefined ? 0 : share.begun.size + share.fresh.size
}
