import { createHash } from 'node:crypto'
import { parseSharedCacheUrl, type SharedCacheTarget } from '../config/redis-url.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { StoredBody } from '../playlists/cached-playlists.ts'
import { encodeEntry } from '../playlists/entry-codec.ts'
import type { ImportEntry } from '../playlists/import-entry.ts'
import { RedisConnection } from './connection.ts'
import { GateSync } from './gate-sync.ts'
import type { RedisObserver } from './operation.ts'
import { RedisFixedWindow } from './redis-fixed-window.ts'
import { RedisQuota } from './redis-quota.ts'
import { type EntryCodec, RedisTier } from './redis-tier.ts'

/** The right to probe outlasts the longest probe. */
const PROBE_MARGIN_MS = 1000
/** The budget waits for at most two replies to the current message, and two to the previous message. */
const BUDGET_REPLIES = 4
/** Enough to distinguish apps without revealing their ids. */
const APP_NAME_LENGTH = 16

export interface RedisOptions {
  /** A configuration with a valid `SHARED_CACHE_URL`. */
  config: Config
  importEntry: ImportEntry
  clock: Clock
  log: Log
  observe: RedisObserver
  /** Aborts when the service stops, so callers stop waiting for Redis. */
  signal: AbortSignal
}

/** Creates everything replicas share through Redis or Valkey, without connecting. */
export function createRedis(options: RedisOptions) {
  const { config, importEntry, clock, log, observe, signal } = options
  const connection = new RedisConnection({
    target: parseSharedCacheUrl(String(config.SHARED_CACHE_URL)) as SharedCacheTarget,
    timeoutMs: config.SHARED_CACHE_TIMEOUT_MS,
    clock,
    log,
    observe,
  })
  const app = createHash('sha256')
    .update(config.SPOTIFY_CLIENT_ID)
    .digest('base64url')
    .slice(0, APP_NAME_LENGTH)
  const limit = config.SPOTIFY_DAILY_BUDGET
  const budget = new RedisQuota({ connection, app, limit, clock })
  const budgetMs = BUDGET_REPLIES * connection.longTimeoutMs
  const probeMs = config.SPOTIFY_TIMEOUT_MS + budgetMs + PROBE_MARGIN_MS
  const gates = new GateSync({ connection, app, probeMs, clock })
  return {
    tier: new RedisTier({ connection, codec: codecFor(importEntry), clock }),
    budget,
    gates,
    callerCounts: (windowMs: number) => new RedisFixedWindow(connection, windowMs, clock, signal),
    get state() {
      return connection.state
    },
    /** Connects, and reads the count and the current pause, within about two seconds. Never rejects. */
    async start(): Promise<void> {
      await connection.start()
      await Promise.all([budget.start(), gates.start()])
    },
    /** Sends the final count, unless `late` aborts first, and disconnects. Never rejects. */
    async close(late: AbortSignal): Promise<void> {
      gates.close()
      await untilAborted(budget.close(), late).catch(() => {})
      connection.close()
    },
  }
}

function codecFor(importEntry: ImportEntry): EntryCodec<StoredBody> {
  return {
    encode: encodeEntry,
    async decode(userId, bytes) {
      const entry = await importEntry(bytes)
      if (entry.kind === 'unusable') return undefined
      if (entry.kind === 'malformed' || entry.userId !== userId) throw new Error('not an entry')
      return entry.response
    },
  }
}
