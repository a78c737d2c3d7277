import { randomUUID } from 'node:crypto'
import type { StoredResponse } from '../cache/freshness.ts'
import type { LeaseResult, SharedTier } from '../cache/shared-tier.ts'
import type { Clock } from '../lib/clock.ts'
import type { Problem } from '../problems/problem.ts'
import type { RedisConnection } from './connection.ts'
import { type EntryCodec, EntryStore } from './entry-store.ts'
import { type Lease, Leases } from './leases.ts'
import type { Message } from './messages.ts'
import { decodeProblem, encodeProblem } from './remote-problem.ts'

type Outcome = { readonly failure: Problem | undefined }
const RELEASED: Outcome = { failure: undefined }

export interface RedisTierOptions<Body> {
  connection: RedisConnection
  codec: EntryCodec<Body>
  clock: Clock
}

/** A shared tier in Redis. */
export class RedisTier<Body> implements SharedTier<Body> {
  readonly #entries: EntryStore<Body>
  readonly #leases: Leases
  readonly #id = randomUUID()
  readonly #connection: RedisConnection
  readonly #clock: Clock
  /** Notifies the lookups that wait for the lease of another replica, by key. */
  readonly #waiting = new Map<string, Set<(outcome: Outcome) => void>>()

  constructor({ connection, codec, clock }: RedisTierOptions<Body>) {
    this.#connection = connection
    this.#clock = clock
    this.#entries = new EntryStore(connection, codec)
    this.#leases = new Leases(connection, clock)
    connection.onMessage(message => this.#receive(message))
    connection.onDegraded(() => {
      for (const waiting of this.#waiting.values()) for (const notify of waiting) notify(RELEASED)
    })
  }

  get(key: string): Promise<StoredResponse<Body> | undefined> {
    return this.#entries.get(key)
  }

  async acquireLease(key: string): Promise<LeaseResult<Body>> {
    // Wait before asking Redis, so no message is missed in between.
    const { outcome, notify } = this.#wait(key)
    try {
      const acquired = await this.#leases.acquire(key)
      if (typeof acquired !== 'number') {
        notify(RELEASED)
        return this.#held(key, acquired)
      }
      const stop = this.#leases.watch(key, acquired, () => notify(RELEASED))
      return { kind: 'taken', ended: outcome.finally(stop) }
    } catch {
      // The connection has counted the failure.
      notify(RELEASED)
      return { kind: 'unavailable' }
    }
  }

  onStored(listener: (key: string, generatedAt: number) => void): void {
    this.#connection.onMessage(message => {
      if (message.kind !== 'stored' || message.from === this.#id) return
      listener(message.key, message.generatedAt)
    })
  }

  #held(key: string, lease: Lease): LeaseResult<Body> {
    const from = this.#id
    const released = () => this.#leases.release(key, lease, { kind: 'released', from, key })
    return {
      kind: 'held',
      released,
      stored: async response => {
        const { generatedAt } = response
        const message: Message = { kind: 'stored', from, key, generatedAt }
        // If storing fails, other replicas must not wait for the lease to expire.
        await this.#entries.store(key, response, lease.token, message).catch(released)
        lease.end()
      },
      failed: failure => {
        const problem = encodeProblem(failure, this.#clock.now())
        if (problem === undefined) return released()
        return this.#leases.release(key, lease, { kind: 'failed', from, key, problem })
      },
    }
  }

  #wait(key: string) {
    const waiting = this.#waiting.get(key) ?? new Set()
    this.#waiting.set(key, waiting)
    let notify!: (outcome: Outcome) => void
    const outcome = new Promise<Outcome>(resolve => {
      notify = outcome => {
        waiting.delete(notify)
        if (waiting.size === 0) this.#waiting.delete(key)
        resolve(outcome)
      }
    })
    waiting.add(notify)
    return { outcome, notify }
  }

  #receive(message: Message): void {
    if (!('key' in message)) return
    const now = this.#clock.now()
    const outcome =
      message.kind === 'failed' ? { failure: decodeProblem(message.problem, now) } : RELEASED
    for (const notify of this.#waiting.get(message.key) ?? []) notify(outcome)
  }
}
