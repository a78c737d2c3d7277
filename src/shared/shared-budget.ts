import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Problem } from '../problems.ts'
import { RollingCount } from '../rolling-count.ts'
import {
  BUDGET_WINDOW,
  budgetSpent,
  checkNeed,
  type GiveBack,
  mostBefore,
  type Need,
  type RequestBudget,
  shareSpent,
} from '../spotify/daily-budget.ts'
import { repeat } from './repeat.ts'
import {
  type BucketCount,
  COUNT_REQUESTS,
  type CountAnswer,
  type CountMessage,
  readCountAnswer,
} from './request-counts.ts'
import type { SharedConnection } from './shared-connection.ts'

const { windowMs, bucketMs } = BUDGET_WINDOW
const SYNC_MS = 5000
/** Who has not been heard of for so long is gone. */
const PRESENT_MS = 3 * SYNC_MS
/** For so long the engine knows a message again that reached it and whose answer was lost. */
const REMEMBERED_MS = 15 * 60_000
/** The engine is back soon, as a rule; then there is more than a share. */
const SHARE_SPENT_MS = 60_000

export interface SharedBudgetOptions {
  connection: Pick<SharedConnection, 'run'>
  /** Names the Spotify app in the key. */
  app: string
  /** Requests of all replicas in any 24 hours; undefined: any number. */
  limit: number | undefined
  clock: Clock
}

/** A request that waits for leave. */
interface Take {
  limit: number
  /** After how many others it still may leave. */
  most: number
  resolve: (giveBack: GiveBack) => void
  reject: (refusal: Problem) => void
}

/** A message, and the takes in it for as long as they wait. */
interface Told {
  message: CountMessage
  takes: Take[]
}

/**
 * One count of Web API requests for all replicas, by the engine's clock. The engine is told one
 * message at a time, and the same again until it has answered, so that whatever becomes of an answer
 * each request is counted once. While the engine fails, the count goes on here from what was known
 * last, with this replica's share of what was left then.
 */
export class SharedBudget implements RequestBudget {
  readonly #options: SharedBudgetOptions
  readonly #key: string
  readonly #replica = randomUUID()
  readonly limit: number | undefined
  /** What the engine said last, in buckets of its clock. */
  #known = new Map<number, number>()
  /** What it has not been told yet. */
  #untold = new Map<number, number>()
  #waiting: Take[] = []
  /** What it was told last, until it has answered. */
  #told: Told | undefined
  #number = 0
  #replicas = 1
  /** The engine's clock less the monotonic one. */
  #offsetMs: number
  #telling: Promise<void> | undefined
  #stop = () => {}

  constructor(options: SharedBudgetOptions) {
    this.#options = options
    this.#key = `playlist-proxy:requests:${options.app}`
    this.limit = options.limit
    this.#offsetMs = options.clock.now() - options.clock.monotonic()
  }

  /** Learns the count, and keeps it in step from then on. Never rejects. */
  async start(): Promise<void> {
    await this.#tell()
    this.#stop = repeat(this.#options.clock, SYNC_MS, () => this.#tell())
  }

  /** Adds what is not yet added, if it can be. Never rejects. */
  async close(): Promise<void> {
    this.#stop()
    await this.#telling
    await this.#tell()
  }

  get spent(): number {
    return this.#count().total(this.#engineMs)
  }

  take(isRefresh: boolean): GiveBack | Promise<GiveBack> {
    const { limit } = this
    if (limit === undefined) {
      const giveBack = this.#takeHere()
      this.#tell()
      return giveBack
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ limit, most: mostBefore(limit, isRefresh), resolve, reject })
      this.#tell()
    })
  }

  check(need: Need, isRefresh: boolean): void {
    const spending = { limit: this.limit, count: this.#count(), nowMs: this.#engineMs }
    checkNeed(need, isRefresh, spending, this.#options.clock.now())
  }

  /** One message at a time; what comes up meanwhile goes with the next. Never rejects. */
  #tell(): Promise<void> {
    this.#telling ??= this.#tellAll()
    return this.#telling
  }

  async #tellAll(): Promise<void> {
    let isAnswered: boolean
    do isAnswered = await this.#tellOnce()
    while (this.#waiting.length > 0 || (isAnswered && this.#untold.size > 0))
    this.#telling = undefined
  }

  async #tellOnce(): Promise<boolean> {
    this.#told ??= this.#next()
    const { message, takes } = this.#told
    try {
      const answer = (await this.#ask(message)) ?? (await this.#ask(message, [...this.#known]))
      this.#told = undefined
      // There always is one where something was given to begin with.
      this.#learn(answer as CountAnswer, takes)
      return true
    } catch {
      // It has been counted and logged. Those who wait are answered here, and only whether they were
      // counted there is still to be learnt.
      this.#told = { message: { ...message, takes: [] }, takes: [] }
      this.#goOnHere([...takes, ...this.#waiting.splice(0)])
      return false
    }
  }

  #next(): Told {
    const takes = this.#waiting
    const added = [...this.#untold]
    this.#waiting = []
    this.#untold = new Map()
    const number = ++this.#number
    const message = { replica: this.#replica, number, added, takes: takes.map(({ most }) => most) }
    return { message, takes }
  }

  async #ask(message: CountMessage, known?: BucketCount[]): Promise<CountAnswer | undefined> {
    const lengths = { bucketMs, windowMs, presentMs: PRESENT_MS, rememberedMs: REMEMBERED_MS }
    const question = JSON.stringify({ ...lengths, ...message, known })
    const ask = this.#options.connection.run(
      'budget',
      client => client.eval(COUNT_REQUESTS, 1, this.#key, question),
      'patient',
    )
    return readCountAnswer(await ask)
  }

  #learn({ taken, takenIn, now, replicas, buckets }: CountAnswer, takes: Take[]): void {
    const { clock } = this.#options
    this.#offsetMs = now - clock.monotonic()
    this.#replicas = replicas
    this.#known = new Map(buckets)
    if (takes.length === 0) {
      // They were decided here while there was no answer, and are among what is untold.
      this.#addUntold(takenIn, -taken.filter(Boolean).length)
    }
    takes.forEach((take, nth) => {
      if (taken[nth]) take.resolve(this.#giveBackFrom(takenIn))
      else take.reject(budgetSpent(take.limit, clock.now() + this.#untilMs(take.most)))
    })
  }

  #goOnHere(takes: Take[]): void {
    for (const take of takes) {
      const refusal = this.#refusalHere(take)
      if (refusal === undefined) take.resolve(this.#takeHere())
      else take.reject(refusal)
    }
  }

  /** The other replicas may be on their own as well, and each take as much. */
  #refusalHere({ limit, most }: Take): Problem | undefined {
    const now = this.#options.clock.now()
    if (this.spent > most) return budgetSpent(limit, now + this.#untilMs(most))
    const own = Math.max(sum(this.#unanswered()), 0)
    const others = (this.#replicas - 1) * (own + 1)
    return this.spent + others > most ? shareSpent(limit, now + SHARE_SPENT_MS) : undefined
  }

  /** How long it is until no more than so many are counted. */
  #untilMs(most: number): number {
    const nowMs = this.#engineMs
    return this.#count().atMostFromMs(Math.max(most, 0), nowMs) - nowMs
  }

  #takeHere(): GiveBack {
    const bucket = Math.floor(this.#engineMs / bucketMs)
    this.#addUntold(bucket, 1)
    return this.#giveBackFrom(bucket)
  }

  #giveBackFrom(bucket: number): GiveBack {
    return () => {
      this.#addUntold(bucket, -1)
      this.#tell()
    }
  }

  #addUntold(bucket: number, requests: number): void {
    const total = (this.#untold.get(bucket) ?? 0) + requests
    if (total === 0) this.#untold.delete(bucket)
    else this.#untold.set(bucket, total)
  }

  get #engineMs(): number {
    return this.#options.clock.monotonic() + this.#offsetMs
  }

  #count(): RollingCount {
    const count = new RollingCount(windowMs, bucketMs)
    for (const [bucket, requests] of [...this.#known, ...this.#unanswered()]) {
      count.add(bucket * bucketMs, requests)
    }
    return count
  }

  /** What was counted here and is not known to be in the engine. */
  #unanswered(): BucketCount[] {
    return [...this.#untold, ...(this.#told?.message.added ?? [])]
  }
}

function sum(counts: readonly BucketCount[]): number {
  return counts.reduce((total, [, requests]) => total + requests, 0)
}
