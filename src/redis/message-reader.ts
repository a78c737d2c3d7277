import type { Valkey } from 'iovalkey'
import type { SharedCacheTarget } from '../config/redis-url.ts'
import { type Clock, pause } from '../lib/clock.ts'
import { decodeNews, NEWS_KEY, type News } from './messages.ts'
import { inTime, openClient } from './open-connection.ts'
import type { SharedObserver } from './operation.ts'
import { asSharedCacheError } from './redis-error.ts'

/** How long the engine keeps a reader waiting for news, and how much later it is given up. */
const BLOCK_MS = 1000
const GRACE_MS = 1000
const OPEN_AGAIN_MS = 250
/** At once. */
const MAX_READ = 500
/** Before everything in a stream. */
const BEGINNING = '0-0'

export interface NewsReaderOptions {
  target: SharedCacheTarget
  clock: Clock
  observe: SharedObserver
  /** Is handed each piece of news once, in the order in which they were told. */
  onNews: (news: News) => void
}

/**
 * Reads the news on a connection of its own, on which each read waits in the engine for what comes
 * next. It goes on after what was read last, so that a lost connection loses no news.
 */
export class NewsReader {
  readonly #options: NewsReaderOptions
  readonly #closing = new AbortController()
  #client: Valkey | undefined
  #lastId = ''

  constructor(options: NewsReaderOptions) {
    this.#options = options
  }

  /** Opens the connection, or has failed to, when it resolves; reads on behind until it is closed. */
  async start(): Promise<void> {
    const isFine = await this.#turn()
    this.#readOn(isFine)
  }

  /** Goes on on a new connection. */
  reopen(): void {
    this.#disconnect()
  }

  close(): void {
    this.#closing.abort()
    this.#disconnect()
  }

  async #readOn(wasFine: boolean): Promise<void> {
    const { signal } = this.#closing
    let isFine = wasFine
    while (!signal.aborted) {
      if (isFine) isFine = await this.#turn()
      else isFine = await pause(this.#options.clock, OPEN_AGAIN_MS, signal).then(always, always)
    }
  }

  /** Opens the connection where there is none, else waits for news; false when that failed. */
  async #turn(): Promise<boolean> {
    const { clock, observe } = this.#options
    const startedAtMs = clock.monotonic()
    try {
      if (this.#client === undefined) await this.#open()
      else await this.#readOnce(this.#client)
      return true
    } catch (error) {
      this.#disconnect()
      if (!this.#closing.signal.aborted) {
        observe('news_read', asSharedCacheError(error).reason, clock.monotonic() - startedAtMs)
      }
      return false
    }
  }

  #disconnect(): void {
    this.#client?.disconnect()
    this.#client = undefined
  }

  async #open(): Promise<void> {
    const { target, clock } = this.#options
    const client = await openClient(target, clock, GRACE_MS)
    this.#client = client
    // Closed meanwhile: the next turn does not come.
    if (this.#closing.signal.aborted) return this.#disconnect()
    await this.#findPlace(client)
  }

  /** Where to read on: after the newest message at first, else where it was unless the stream is new. */
  async #findPlace(client: Valkey): Promise<void> {
    const newest = client.xrevrange(NEWS_KEY, '+', '-', 'COUNT', 1)
    const [[newestId] = [BEGINNING]] = await inTime(newest, this.#options.clock, GRACE_MS)
    if (this.#lastId === '') this.#lastId = newestId
    // Redis has lost the stream, or somebody used up ids that lie in the future.
    else if (isBefore(newestId, this.#lastId)) this.#lastId = BEGINNING
  }

  async #readOnce(client: Valkey): Promise<void> {
    const { clock, observe, onNews } = this.#options
    const reading = client.xread(
      'COUNT',
      MAX_READ,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      NEWS_KEY,
      this.#lastId,
    )
    const streams = await inTime(reading, clock, BLOCK_MS + GRACE_MS)
    const messages = streams?.[0]?.[1] ?? []
    if (messages.length === 0) return this.#findPlace(client)
    for (const [id, [, text]] of messages) {
      this.#lastId = id
      const news = decodeNews(text)
      if (news === undefined) observe('news_read', 'rubbish', 0)
      else onNews(news)
    }
  }
}

/** Ids of a stream are milliseconds and a count, `1700000000000-3`. */
function isBefore(id: string, other: string): boolean {
  const [ms = 0, count = 0] = id.split('-').map(Number)
  const [otherMs = 0, otherCount = 0] = other.split('-').map(Number)
  return ms < otherMs || (ms === otherMs && count < otherCount)
}

const always = () => true
