import type { Valkey } from 'iovalkey'
import type { SharedCacheTarget } from '../config/redis-url.ts'
import type { Clock } from '../lib/clock.ts'
import { repeat } from '../lib/clock.ts'
import { decodeNews, type News, newsChannel } from './messages.ts'
import { inTime, openClient } from './open-connection.ts'
import type { SharedObserver } from './operation.ts'
import { asSharedCacheError } from './redis-error.ts'

/** How often the connection is checked, and reopened once it is lost. */
const CHECK_MS = 500
/** For opening it, and for each command; no caller waits for either. */
const TIMEOUT_MS = 1000

export interface NewsReaderOptions {
  target: SharedCacheTarget
  clock: Clock
  observe: SharedObserver
  /** Receives each message once, in the order in which Redis got them. */
  onNews: (news: News) => void
}

/**
 * Subscribes to the messages of all replicas on a connection of its own. Misses what is published
 * while that is lost: whoever relies on a message also polls.
 */
export class NewsReader {
  readonly #options: NewsReaderOptions
  #client: Valkey | undefined
  #isClosed = false
  #stop = () => {}

  constructor(options: NewsReaderOptions) {
    this.#options = options
  }

  /** Subscribes, and keeps the subscription up until `close`. Never rejects. */
  async start(): Promise<void> {
    await this.#check()
    if (!this.#isClosed) this.#stop = repeat(this.#options.clock, CHECK_MS, () => this.#check())
  }

  /** Drops the connection; the next check opens another one. */
  reopen(): void {
    this.#client?.disconnect()
    this.#client = undefined
  }

  close(): void {
    this.#isClosed = true
    this.#stop()
    this.reopen()
  }

  /** A connection that died silently looks open until a command gets no reply. */
  async #check(): Promise<void> {
    const { clock, observe } = this.#options
    const startedAtMs = clock.monotonic()
    try {
      if (this.#client === undefined) await this.#subscribe()
      else await inTime(this.#client.ping(), clock, TIMEOUT_MS)
    } catch (error) {
      this.reopen()
      if (this.#isClosed) return
      observe('news_read', asSharedCacheError(error).reason, clock.monotonic() - startedAtMs)
    }
  }

  async #subscribe(): Promise<void> {
    const { target, clock, observe, onNews } = this.#options
    const client = await openClient(target, clock, TIMEOUT_MS)
    if (this.#isClosed) return client.disconnect()
    this.#client = client
    client.on('message', (_channel: string, text: string) => {
      const news = decodeNews(text)
      if (news === undefined) observe('news_read', 'rubbish', 0)
      else onNews(news)
    })
    await inTime(client.subscribe(newsChannel(target.db)), clock, TIMEOUT_MS)
  }
}
