import { randomUUID } from 'node:crypto'
import type { StoredResponse } from '../cache/freshness.ts'
import type { LeaseResult, SharedTier } from '../cache/shared-tier.ts'
import type { Clock } from '../lib/clock.ts'
import type { Problem } from '../problems/problem.ts'
import { Entries, type EntryCodec } from './entry-store.ts'
import { type Lease, Leases } from './leases.ts'
import type { News } from './messages.ts'
import type { SharedConnection } from './redis.ts'
import { decodeProblem, encodeProblem } from './remote-problem.ts'

type Outcome = { readonly failure: Problem | undefined }
const LOOK_ANEW: Outcome = { failure: undefined }

export interface ValkeyTierOptions<Body> {
  connection: SharedConnection
  codec: EntryCodec<Body>
  clock: Clock
}

/** The tier of stored responses in an engine that all replicas share. */
export class ValkeyTier<Body> implements SharedTier<Body> {
  readonly #entries: Entries<Body>
  readonly #leases: Leases
  readonly #id = randomUUID()
  readonly #connection: SharedConnection
  readonly #clock: Clock
  /** Those who wait for what another asks for, by key. */
  readonly #waiting = new Map<string, Set<(outcome: Outcome) => void>>()

  constructor({ connection, codec, clock }: ValkeyTierOptions<Body>) {
    this.#connection = connection
    this.#clock = clock
    this.#entries = new Entries(connection, codec)
    this.#leases = new Leases(connection, clock)
    connection.onNews(news => this.#learn(news))
    connection.onDegraded(() => {
      for (const waiting of this.#waiting.values()) for (const tell of waiting) tell(LOOK_ANEW)
    })
  }

  get(key: string): Promise<StoredResponse<Body> | undefined> {
    return this.#entries.get(key)
  }

  async acquireLease(key: string): Promise<LeaseResult<Body>> {
    // Before the claim is sent, so that no message comes in between.
    const { outcome, tell } = this.#wait(key)
    try {
      const taken = await this.#leases.take(key)
      if (typeof taken !== 'number') {
        tell(LOOK_ANEW)
        return this.#held(key, taken)
      }
      const end = this.#leases.watch(key, taken, () => tell(LOOK_ANEW))
      return { kind: 'taken', ended: outcome.finally(end) }
    } catch {
      // Counted already.
      tell(LOOK_ANEW)
      return { kind: 'unavailable' }
    }
  }

  onStored(listener: (key: string, generatedAt: number) => void): void {
    this.#connection.onNews(news => {
      if (news.kind === 'stored' && news.from !== this.#id) listener(news.key, news.generatedAt)
    })
  }

  #held(key: string, lease: Lease): LeaseResult<Body> {
    const from = this.#id
    const released = () => this.#leases.giveBack(key, lease, { kind: 'released', from, key })
    return {
      kind: 'held',
      released,
      stored: async response => {
        const { generatedAt } = response
        const news: News = { kind: 'stored', from, key, generatedAt }
        // What cannot be stored is no reason to keep the others waiting.
        await this.#entries.store(key, response, lease.token, news).catch(released)
        lease.end()
      },
      failed: failure => {
        const problem = encodeProblem(failure, this.#clock.now())
        if (problem === undefined) return released()
        return this.#leases.giveBack(key, lease, { kind: 'failed', from, key, problem })
      },
    }
  }

  #wait(key: string) {
    const waiting = this.#waiting.get(key) ?? new Set()
    this.#waiting.set(key, waiting)
    let tell!: (outcome: Outcome) => void
    const outcome = new Promise<Outcome>(resolve => {
      tell = told => {
        waiting.delete(tell)
        if (waiting.size === 0) this.#waiting.delete(key)
        resolve(told)
      }
    })
    waiting.add(tell)
    return { outcome, tell }
  }

  #learn(news: News): void {
    if (!('key' in news)) return
    const now = this.#clock.now()
    const outcome =
      news.kind === 'failed' ? { failure: decodeProblem(news.problem, now) } : LOOK_ANEW
    for (const tell of this.#waiting.get(news.key) ?? []) tell(outcome)
  }
}
