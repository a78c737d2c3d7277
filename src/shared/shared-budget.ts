import type { Clock } from '../clock.ts'
import { RollingCount } from '../rolling-count.ts'
import {
  BUDGET_WINDOW,
  budgetSpent,
  checkNeed,
  type GiveBack,
  mostBefore,
  type Need,
  type RequestBudget,
} from '../spotify/daily-budget.ts'
import { repeat } from './repeat.ts'
import {
  type Buckets,
  COUNT_REQUESTS,
  type CountAnswer,
  readCountAnswer,
} from './request-counts.ts'
import type { SharedConnection } from './shared-connection.ts'

const { windowMs, bucketMs } = BUDGET_WINDOW
const SYNC_MS = 5000

export interface SharedBudgetOptions {
  connection: Pick<SharedConnection, 'run'>
  /** Names the Spotify app in the key. */
  app: string
  /** Requests of all replicas in any 24 hours; undefined: any number. */
  limit: number | undefined
  clock: Clock
}

/**
 * One count of Web API requests for all replicas, by the engine's clock. While the shared cache
 * fails, it goes on here from what was known last; what was counted here alone is added later. A
 * request whose answer was lost may be counted twice, but none is ever counted too little.
 */
export class SharedBudget implements RequestBudget {
  readonly #options: SharedBudgetOptions
  readonly #key: string
  readonly limit: number | undefined
  /** As far as is known here, in buckets of the engine's clock. */
  #buckets = new Map<number, number>()
  /** What of them the engine has not been told yet. */
  readonly #unsent = new Map<number, number>()
  /** What the engine is being told. */
  readonly #sending = new Set<readonly [bucket: number, requests: number][]>()
  /** The engine's clock less the monotonic one. */
  #offsetMs: number
  #syncing: Promise<void> | undefined
  #stop = () => {}

  constructor(options: SharedBudgetOptions) {
    this.#options = options
    this.#key = `playlist-proxy:requests:${options.app}`
    this.limit = options.limit
    this.#offsetMs = options.clock.now() - options.clock.monotonic()
  }

  /** Learns the count, and keeps it in step from then on. Never rejects. */
  async start(): Promise<void> {
    await this.#sync()
    this.#stop = repeat(this.#options.clock, SYNC_MS, () => this.#sync())
  }

  /** Adds what is not yet added, if it can be. Never rejects. */
  async close(): Promise<void> {
    this.#stop()
    await this.#syncing
    await this.#sync()
  }

  get spent(): number {
    return this.#count().total(this.#engineMs)
  }

  take(isRefresh: boolean): GiveBack | Promise<GiveBack> {
    if (this.limit !== undefined) return this.#take(this.limit, isRefresh)
    const giveBack = this.#takeHere()
    this.#sync()
    return giveBack
  }

  check(need: Need, isRefresh: boolean): void {
    const spending = { limit: this.limit, count: this.#count(), nowMs: this.#engineMs }
    checkNeed(need, isRefresh, spending, this.#options.clock.now())
  }

  async #take(limit: number, isRefresh: boolean): Promise<GiveBack> {
    const most = mostBefore(limit, isRefresh)
    const answer = (await this.#ask({ most })) ?? (await this.#ask({ most, known: true }))
    const { clock } = this.#options
    if (answer === undefined) return this.#checkHere(limit, most)
    if (!answer.isTaken) throw budgetSpent(limit, clock.now() + answer.waitMs)
    return this.#giveBackFrom(Math.floor(answer.now / bucketMs))
  }

  #checkHere(limit: number, most: number): GiveBack {
    const count = this.#count()
    const nowMs = this.#engineMs
    if (count.total(nowMs) <= most) return this.#takeHere()
    const waitMs = count.atMostFromMs(Math.max(most, 0), nowMs) - nowMs
    throw budgetSpent(limit, this.#options.clock.now() + waitMs)
  }

  #takeHere(): GiveBack {
    const bucket = Math.floor(this.#engineMs / bucketMs)
    this.#add(bucket, 1)
    return this.#giveBackFrom(bucket)
  }

  #giveBackFrom(bucket: number): GiveBack {
    return () => {
      this.#add(bucket, -1)
      this.#sync()
    }
  }

  #add(bucket: number, requests: number): void {
    addTo(this.#buckets, bucket, requests)
    addTo(this.#unsent, bucket, requests)
  }

  get #engineMs(): number {
    return this.#options.clock.monotonic() + this.#offsetMs
  }

  #count(): RollingCount {
    const count = new RollingCount(windowMs, bucketMs)
    for (const [bucket, requests] of this.#buckets) count.add(bucket * bucketMs, requests)
    return count
  }

  /** One at a time; what is counted while one is under way waits for the next. */
  #sync(): Promise<void> {
    this.#syncing ??= this.#ask({ known: true }).then(() => {
      this.#syncing = undefined
      if (this.#unsent.size > 0 && this.#isAnswered) this.#sync()
    })
    return this.#syncing
  }

  #isAnswered = false

  /** Undefined when there is no answer, be it that the count is gone. */
  async #ask({ most, known }: { most?: number; known?: true }): Promise<CountAnswer | undefined> {
    const added = [...this.#unsent]
    this.#unsent.clear()
    this.#sending.add(added)
    const begin = known && withoutAdded(this.#buckets, added)
    const question = JSON.stringify({ bucketMs, windowMs, added, known: begin, most })
    try {
      const answer = readCountAnswer(
        await this.#options.connection.run('budget', client =>
          client.eval(COUNT_REQUESTS, 1, this.#key, question),
        ),
      )
      this.#isAnswered = true
      this.#sending.delete(added)
      if (answer !== undefined) this.#learn(answer)
      else this.#sendAgain(added)
      return answer
    } catch {
      // It has been counted and logged; the count goes on here.
      this.#isAnswered = false
      this.#sending.delete(added)
      this.#sendAgain(added)
      return undefined
    }
  }

  #sendAgain(added: readonly [bucket: number, requests: number][]): void {
    for (const [bucket, requests] of added) addTo(this.#unsent, bucket, requests)
  }

  #learn({ now, buckets }: CountAnswer): void {
    this.#offsetMs = now - this.#options.clock.monotonic()
    this.#buckets = new Map(buckets)
    for (const counted of [this.#unsent, ...this.#sending]) {
      for (const [bucket, requests] of counted) addTo(this.#buckets, bucket, requests)
    }
  }
}

function addTo(buckets: Map<number, number>, bucket: number, requests: number): void {
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + requests)
}

/** What the engine is told to begin with, since what is added is added to that. */
function withoutAdded(buckets: Buckets, added: readonly [number, number][]): [number, number][] {
  const left = new Map(buckets)
  for (const [bucket, requests] of added) addTo(left, bucket, -requests)
  return [...left].filter(([, requests]) => requests > 0)
}
