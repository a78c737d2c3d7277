import { randomUUID } from 'node:crypto'
import { type Clock, repeat } from '../lib/clock.ts'
import type { Problem } from '../problems/problem.ts'
import {
  BUDGET_WINDOW,
  budgetSpent,
  checkNeed,
  localShareSpent,
  mostBefore,
  type Need,
  type Refund,
  type RequestBudget,
} from '../spotify/gate/request-quota.ts'
import { ReplicaCount } from './quota-replica.ts'
import {
  type BucketCount,
  COUNT_REQUESTS,
  type CountAnswer,
  type CountMessage,
  readCountAnswer,
} from './quota-script.ts'
import type { SharedConnection } from './redis.ts'

const { windowMs, bucketMs } = BUDGET_WINDOW
const SYNC_MS = 5000
/** Who has not been heard of for so long is gone. */
const PRESENT_MS = 3 * SYNC_MS
/** For so long the engine knows a message again that reached it and whose answer was lost. */
const REMEMBERED_MS = 15 * 60_000
/** So many times the limit in five minutes no replica has counted, whatever it was cut off from. */
const ABSURD_FACTOR = 10
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
  resolve: (refund: Refund) => void
  reject: (refusal: Problem) => void
}

/** A message, and those who wait for its answer. */
interface Sent {
  message: CountMessage
  takes: Take[]
}

/**
 * One count of Web API requests for all replicas, by the engine's clock. The engine is sent one
 * message at a time, and the same again until it has answered, so that whatever becomes of an answer
 * each request is counted once. While the engine fails, the count goes on here from what was known
 * last, with this replica's share of what was left then. What the engine forgets, the replicas bring
 * back as far as each of them knows it.
 */
export class SharedBudget implements RequestBudget {
  readonly #options: SharedBudgetOptions
  readonly #key: string
  readonly #replica = randomUUID()
  readonly limit: number | undefined
  readonly #count: ReplicaCount
  #waiting: Take[] = []
  /** What the engine was sent last, until it has answered. */
  #inFlight: Sent | undefined
  #sequence = 0
  #replicas = 1
  /** Until then, on the monotonic clock, others may not have been heard of again after a failure. */
  #unsettledUntilMs = 0
  /** Whether the engine failed last time. */
  #isAlone = false
  #sending: Promise<void> | undefined
  #stop = () => {}

  constructor(options: SharedBudgetOptions) {
    this.#options = options
    this.#key = `playlist-proxy:requests:${options.app}`
    this.limit = options.limit
    this.#count = new ReplicaCount(options.clock)
  }

  /** Learns the count, and keeps it in step from then on. Never rejects. */
  async start(): Promise<void> {
    await this.#send()
    this.#stop = repeat(this.#options.clock, SYNC_MS, () => this.#send())
  }

  /** Adds what is not yet added, if it can be. Never rejects. */
  async close(): Promise<void> {
    this.#stop()
    await this.#sending
    await this.#send()
  }

  get spent(): number {
    return this.#count.total
  }

  async reserve(isRefresh: boolean): Promise<Refund> {
    const { limit } = this
    if (limit === undefined) {
      const refund = this.#takeHere()
      this.#send()
      return refund
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ limit, most: mostBefore(limit, isRefresh), resolve, reject })
      this.#send()
    })
  }

  check(need: Need, isRefresh: boolean): void {
    const { limit } = this
    const now = this.#options.clock.now()
    checkNeed(need, isRefresh, { limit, ...this.#count.spending() }, now)
    if (limit === undefined || !this.#isAlone) return
    const { left } = need
    if (this.#exceedsShare(left, mostBefore(limit, isRefresh, left))) {
      throw localShareSpent(limit, now + SHARE_SPENT_MS, need)
    }
  }

  /** One message at a time; what comes up meanwhile goes with the next. Never rejects. */
  #send(): Promise<void> {
    this.#sending ??= this.#sendAll()
    return this.#sending
  }

  async #sendAll(): Promise<void> {
    let isAnswered: boolean
    do isAnswered = await this.#sendOne()
    while (this.#waiting.length > 0 || (isAnswered && this.#count.hasPending))
    this.#sending = undefined
  }

  async #sendOne(): Promise<boolean> {
    this.#inFlight ??= this.#next()
    const { message, takes } = this.#inFlight
    try {
      const answer = await this.#ask(message)
      if (answer === undefined) this.#unsettle()
      this.#learn(answer ?? (await this.#restore(message)), takes)
      return true
    } catch {
      // It has been counted and logged. Those who wait are answered here, and only whether they were
      // counted there is still to be learnt.
      this.#isAlone = true
      this.#unsettle()
      this.#inFlight = { message: { ...message, mostBefore: [] }, takes: [] }
      this.#goOnHere([...takes, ...this.#waiting.splice(0)])
      return false
    }
  }

  #next(): Sent {
    const takes = this.#waiting
    const added = this.#count.takePending()
    this.#waiting = []
    const sequence = ++this.#sequence
    const mostBefore = takes.map(({ most }) => most)
    const message = { replica: this.#replica, sequence, added, mostBefore }
    return { message, takes }
  }

  async #ask(message: CountMessage, known?: BucketCount[]): Promise<CountAnswer | undefined> {
    const lengths = { bucketMs, windowMs, presentMs: PRESENT_MS, rememberedMs: REMEMBERED_MS }
    const mostInBucket = this.limit === undefined ? undefined : ABSURD_FACTOR * this.limit
    const question = JSON.stringify({ ...lengths, mostInBucket, ...message, known })
    return this.#options.connection.run(
      'budget',
      async client => readCountAnswer(await client.eval(COUNT_REQUESTS, 1, this.#key, question)),
      'patient',
    )
  }

  /** The same for an engine that has lost the count. */
  #restore(message: CountMessage): Promise<CountAnswer> {
    // Who says what is known always gets an answer.
    return this.#ask(message, this.#count.known) as Promise<CountAnswer>
  }

  /** Whoever is back first after a failure or a loss finds nobody else there. */
  #unsettle(): void {
    this.#unsettledUntilMs = this.#options.clock.monotonic() + PRESENT_MS
  }

  #learn(answer: CountAnswer, takes: Take[]): void {
    const { taken, takenBucket, now, replicas, buckets } = answer
    const { clock } = this.#options
    this.#inFlight = undefined
    this.#isAlone = false
    this.#count.learn(now, buckets)
    const isSettled = clock.monotonic() >= this.#unsettledUntilMs
    this.#replicas = isSettled ? replicas : Math.max(replicas, this.#replicas)
    if (takes.length === 0) {
      // They were decided here while there was no answer, and are among what is pending.
      this.#count.add(takenBucket, -taken.filter(Boolean).length)
    }
    takes.forEach((take, nth) => {
      if (taken[nth]) take.resolve(this.#giveBackFrom(takenBucket))
      else take.reject(budgetSpent(take.limit, clock.now() + this.#count.untilMs(take.most)))
    })
  }

  #goOnHere(takes: Take[]): void {
    for (const take of takes) {
      const refusal = this.#refusalHere(take)
      if (refusal === undefined) take.resolve(this.#takeHere())
      else take.reject(refusal)
    }
  }

  #refusalHere({ limit, most }: Take): Problem | undefined {
    const now = this.#options.clock.now()
    if (this.spent > most) return budgetSpent(limit, now + this.#count.untilMs(most))
    return this.#exceedsShare(1, most) ? localShareSpent(limit, now + SHARE_SPENT_MS) : undefined
  }

  /**
   * Whether so many requests more, before which no more than `most` may be counted, are too many for
   * one: the other replicas may be on their own as well, and each take as many.
   */
  #exceedsShare(requests: number, most: number): boolean {
    return this.spent + (this.#replicas - 1) * (this.#count.own + requests) > most
  }

  #takeHere(): Refund {
    const bucket = this.#count.currentBucket
    this.#count.add(bucket, 1)
    return this.#giveBackFrom(bucket)
  }

  #giveBackFrom(bucket: number): Refund {
    return () => {
      this.#count.add(bucket, -1)
      this.#send()
    }
  }
}
