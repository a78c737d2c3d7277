import { setMaxListeners } from 'node:events'
import type { WaitingCallers } from './waiting-callers.ts'

/** A request waiting for a slot. */
interface Waiter {
  /** Gives the request a slot, which counts as this caller's. */
  grant(caller: string): void
}

/** One caller's slots and waiting requests. */
interface Share {
  slots: number
  /** Requests from lookups in progress, in order. */
  readonly begun: Set<Waiter>
  /** Requests from new lookups, in order. */
  readonly fresh: Set<Waiter>
}

/** Releases a slot to the next request. Calls after the first do nothing. */
export type Release = () => void

/**
 * Grants slots to callers in turn. Lookups in progress come before new lookups, so under a flood some
 * lookups are in time instead of all being late. But a caller with more than a fair share of slots waits
 * for the other callers first. Each caller's requests stay in order.
 */
export class PrioritySemaphore {
  readonly #size: number
  /** Callers with slots or waiting requests, in the order of their turns. */
  readonly #shares = new Map<string, Share>()
  #inUse = 0

  constructor(size: number) {
    this.#size = size
  }

  /** Slots in use. */
  get inUse(): number {
    return this.#inUse
  }

  /** Whether a request would have to wait. */
  get isFull(): boolean {
    return this.#inUse >= this.#size
  }

  /** Returns how many waiting requests are ahead of the caller's next request. */
  countAhead(caller: string): number {
    const own = waiting(this.#shares.get(caller))
    let sum = own
    for (const [name, share] of this.#shares) {
      if (name !== caller) sum += Math.min(waiting(share), own + 1)
    }
    return sum
  }

  /** Resolves once the request has a slot. Rejects with the signal's reason if it aborts first. */
  acquire(isNew: boolean, callers: WaitingCallers, signal: AbortSignal): Promise<Release> {
    if (signal.aborted) return Promise.reject(signal.reason)
    if (!this.isFull) return Promise.resolve(this.#grant(callers.first))
    const queue = isNew ? 'fresh' : 'begun'
    // Each waiting request adds one listener and removes it: no leak.
    setMaxListeners(0, signal)
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
        grant: caller => {
          resolve(this.#grant(caller))
          leave()
        },
      }
      const unwatch = callers.watch(name => this.#shareOf(name)[queue].add(waiter))
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  #grant(caller: string): Release {
    const share = this.#shareOf(caller)
    this.#inUse++
    share.slots++
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#inUse--
      share.slots--
      this.#next()
      this.#forgetIdle(caller, share)
    }
  }

  /** Grants a free slot to the next waiting request. */
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
    waiter.grant(caller)
  }

  /** Returns the first request from the next caller with fewer than `limit` slots. */
  #first(queue: 'begun' | 'fresh', limit: number) {
    for (const [caller, share] of this.#shares) {
      const [waiter] = share[queue]
      if (waiter !== undefined && share.slots < limit) return { caller, share, waiter }
    }
    return undefined
  }

  #shareOf(caller: string): Share {
    let share = this.#shares.get(caller)
    if (share === undefined) {
      share = { slots: 0, begun: new Set(), fresh: new Set() }
      this.#shares.set(caller, share)
    }
    return share
  }

  #forgetIdle(caller: string, share: Share): void {
    if (share.slots + waiting(share) === 0) this.#shares.delete(caller)
  }
}

function waiting(share: Share | undefined): number {
  return share === undefined ? 0 : share.begun.size + share.fresh.size
}
