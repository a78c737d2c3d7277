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
import type { RedisConnection } from './connection.ts'
import { LocalShare, RequestCounts } from './quota-replica.ts'
import {
  COUNT_REQUESTS,
  type OtherCounts,
  PRESENT_MS,
  type QuotaReply,
  type QuotaRequest,
} from './quota-script.ts'

/** A replica misses three syncs before other replicas consider it stopped. */
const SYNC_MS = PRESENT_MS / 3
/** Redis is usually back within a minute, and then more than the local share is left. */
const SHARE_RETRY_MS = 60_000

export interface RedisQuotaOptions {
  connection: Pick<RedisConnection, 'run' | 'onDegraded'>
  /** Identifies the Spotify app in the Redis key. */
  app: string
  /** The maximum number of requests from all replicas in any 24 hours; undefined for no limit. */
  limit: number | undefined
  clock: Clock
}

/** A request waiting for a reservation. */
interface Waiting {
  limit: number
  /** The highest count at which it can leave. */
  most: number
  resolve(refund: Refund): void
  reject(problem: Problem): void
}

/**
 * The quota shared by all replicas. Each replica counts its own requests and sends Redis the whole count,
 * one message at a time, so a lost message or reply neither loses a request nor counts it twice. After a
 * Redis failure, each replica spends at most its local share until all replicas have synced again.
 */
export class RedisQuota implements RequestBudget {
  readonly #options: RedisQuotaOptions
  readonly #replica = randomUUID()
  readonly limit: number | undefined
  readonly #count: RequestCounts
  readonly #share: LocalShare
  #waiting: Waiting[] = []
  /** Whether there is a change to send before the next sync. */
  #hasChanged = false
  /** The time of the last reply, on the Redis clock. */
  #lastReplyAt = 0
  #sending: Promise<void> | undefined
  #stop = () => {}

  constructor(options: RedisQuotaOptions) {
    this.#options = options
    this.limit = options.limit
    this.#count = new RequestCounts(options.clock)
    this.#share = new LocalShare(options.limit, options.clock)
    // Other replicas might spend their shares while this one has no request to count. If Redis pauses for
    // less than the long time-out, it still replies, and the count stays exact.
    options.connection.onDegraded(() => this.#send())
  }

  /** Syncs the count with Redis now and every five seconds. Never rejects. */
  async start(): Promise<void> {
    await this.#send()
    this.#stop = repeat(this.#options.clock, SYNC_MS, () => this.#send())
  }

  /** Sends the final count, if Redis is reachable. Never rejects. */
  async close(): Promise<void> {
    this.#stop()
    await this.#sending
    await this.#send()
  }

  get spent(): number {
    return this.#count.total
  }

  async reserve(isRevalidation: boolean): Promise<Refund> {
    const { limit } = this
    if (limit === undefined) {
      const refund = this.#countHere()
      this.#hasChanged = true
      this.#send()
      return refund
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ limit, most: mostBefore(limit, isRevalidation), resolve, reject })
      this.#send()
    })
  }

  check(need: Need, isRevalidation: boolean): void {
    const { limit } = this
    const now = this.#options.clock.now()
    checkNeed(need, isRevalidation, { limit, ...this.#count.spending() }, now)
    if (limit !== undefined && this.#share.isExceededBy(need.left)) {
      throw localShareSpent(limit, now + SHARE_RETRY_MS, need)
    }
  }

  /** Sends one message at a time; later changes go with the next. Never rejects. */
  #send(): Promise<void> {
    this.#sending ??= this.#sendAll()
    return this.#sending
  }

  async #sendAll(): Promise<void> {
    let hasReply: boolean
    do hasReply = await this.#sendOne()
    while (this.#waiting.length > 0 || (hasReply && this.#hasChanged))
    this.#sending = undefined
  }

  async #sendOne(): Promise<boolean> {
    const waiting = this.#waiting.splice(0)
    this.#hasChanged = false
    try {
      const reply = (await this.#request(waiting)) ?? (await this.#restore(waiting))
      this.#lastReplyAt = reply.now
      this.#count.update(reply.now, reply.others)
      this.#share.update(reply.replicas, reply.seenByAll)
      for (const [nth, one] of waiting.entries()) this.#settle(one, reply.granted[nth] === true)
      return true
    } catch {
      // The connection has counted and logged the failure.
      this.#share.divide(this.spent)
      for (const one of [...waiting, ...this.#waiting.splice(0)]) {
        this.#settle(one, this.spent <= one.most)
      }
      return false
    }
  }

  /** Resolves with undefined if Redis has lost data and `known` is missing. */
  #request(waiting: Waiting[], known?: OtherCounts): Promise<QuotaReply | undefined> {
    const key = `request-counts:${this.#options.app}`
    const request: QuotaRequest = {
      replica: this.#replica,
      lastReplyAt: this.#lastReplyAt,
      own: this.#count.own,
      mostBefore: waiting.map(({ most }) => most),
      known,
    }
    return this.#options.connection.run(
      'budget',
      async client => {
        const reply = await client.eval(COUNT_REQUESTS, 1, key, JSON.stringify(request))
        return reply === null ? undefined : JSON.parse(String(reply))
      },
      'long',
    )
  }

  /** Also sends the counts from other replicas, since Redis has lost data. */
  #restore(waiting: Waiting[]): Promise<QuotaReply> {
    this.#share.divide(this.spent)
    // A request with `known` always gets a reply.
    return this.#request(waiting, this.#count.others) as Promise<QuotaReply>
  }

  #settle({ limit, most, resolve, reject }: Waiting, isGranted: boolean): void {
    const now = this.#options.clock.now()
    if (!isGranted) reject(budgetSpent(limit, now + this.#count.untilMs(most)))
    else if (this.#share.isExceededBy(1)) {
      // Redis might have counted the request, so correct it.
      this.#hasChanged = true
      reject(localShareSpent(limit, now + SHARE_RETRY_MS))
    } else {
      const refund = this.#countHere()
      this.#share.grant(this.#lastReplyAt)
      resolve(() => {
        this.#share.refund()
        refund()
      })
    }
  }

  #countHere(): Refund {
    const remove = this.#count.add()
    return () => {
      remove()
      this.#hasChanged = true
      this.#send()
    }
  }
}
