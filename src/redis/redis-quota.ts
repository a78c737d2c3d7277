import { randomUUID } from 'node:crypto'
import { type Clock, repeat } from '../lib/clock.ts'
import type { Problem } from '../problems/problem.ts'
import {
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
  COUNT_REQUESTS,
  type CountReply,
  mostInBucket,
  type OtherCounts,
  PRESENT_MS,
} from './quota-script.ts'
import { BudgetShare } from './quota-share.ts'
import type { SharedConnection } from './redis.ts'

/** Each replica is heard three times before it counts as gone. */
const SYNC_MS = PRESENT_MS / 3
/** Redis is back soon, as a rule; then there is more than a share. */
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
  resolve(refund: Refund): void
  reject(refusal: Problem): void
}

/**
 * One count of Web API requests for all replicas. Each replica counts its own requests and sends Redis
 * all of them in one message at a time, so that a lost message or reply neither loses a request nor
 * counts it twice. While Redis fails, and until all replicas must have been heard again afterwards,
 * each spends no more than its share of what was left before.
 */
export class SharedBudget implements RequestBudget {
  readonly #options: SharedBudgetOptions
  readonly #replica = randomUUID()
  readonly limit: number | undefined
  readonly #count: ReplicaCount
  readonly #share: BudgetShare
  #waiting: Take[] = []
  /** Whether Redis is to learn of a change before the next sync. */
  #hasNews = false
  /** The time of the last reply on the clock of Redis. */
  #seen = 0
  #sending: Promise<void> | undefined
  #stop = () => {}

  constructor(options: SharedBudgetOptions) {
    this.#options = options
    this.limit = options.limit
    this.#count = new ReplicaCount(options.clock)
    this.#share = new BudgetShare(options.limit, options.clock, PRESENT_MS)
  }

  /** Learns the count, and keeps it in step from then on. Never rejects. */
  async start(): Promise<void> {
    await this.#send()
    this.#stop = repeat(this.#options.clock, SYNC_MS, () => this.#send())
  }

  /** Sends the requests of this replica once more, if it can. Never rejects. */
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
      const refund = this.#countHere()
      this.#hasNews = true
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
    if (limit !== undefined && this.#share.isExceededBy(need.left)) {
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
    while (this.#waiting.length > 0 || (isAnswered && this.#hasNews))
    this.#sending = undefined
  }

  async #sendOne(): Promise<boolean> {
    const takes = this.#waiting.splice(0)
    this.#hasNews = false
    try {
      const reply = (await this.#ask(takes)) ?? (await this.#askAgain(takes))
      this.#seen = reply.now
      this.#count.learn(reply.now, reply.others)
      this.#share.learn(reply.replicas, reply.heard)
      for (const [nth, take] of takes.entries()) this.#decide(take, reply.taken[nth] === true)
      return true
    } catch {
      // It has been counted and logged.
      this.#share.divide(this.spent)
      for (const take of [...takes, ...this.#waiting.splice(0)]) {
        this.#decide(take, this.spent <= take.most)
      }
      return false
    }
  }

  /** Undefined when Redis has forgotten something and `known` is missing. */
  #ask(takes: Take[], known?: OtherCounts): Promise<CountReply | undefined> {
    const key = `playlist-proxy:requests:${this.#options.app}`
    const message = JSON.stringify({
      replica: this.#replica,
      seen: this.#seen,
      own: this.#count.own,
      mostBefore: takes.map(({ most }) => most),
      mostInBucket: mostInBucket(this.limit),
      known,
    })
    return this.#options.connection.run(
      'budget',
      async client => {
        const reply = await client.eval(COUNT_REQUESTS, 1, key, message)
        return reply === null ? undefined : JSON.parse(String(reply))
      },
      'patient',
    )
  }

  #askAgain(takes: Take[]): Promise<CountReply> {
    this.#share.divide(this.spent)
    // Who says what it knows always gets a reply.
    return this.#ask(takes, this.#count.others) as Promise<CountReply>
  }

  #decide({ limit, most, resolve, reject }: Take, fits: boolean): void {
    const now = this.#options.clock.now()
    if (!fits) reject(budgetSpent(limit, now + this.#count.untilMs(most)))
    else if (this.#share.isExceededBy(1)) {
      // Redis may have counted it.
      this.#hasNews = true
      reject(localShareSpent(limit, now + SHARE_SPENT_MS))
    } else {
      const refund = this.#countHere()
      this.#share.grant(this.#seen)
      resolve(() => {
        this.#share.refund()
        refund()
      })
    }
  }

  #countHere(): Refund {
    const takeBack = this.#count.add()
    return () => {
      takeBack()
      this.#hasNews = true
      this.#send()
    }
  }
}
