import { createHash } from 'node:crypto'
import { parseSharedCacheUrl, type SharedCacheTarget } from '../config/redis-url.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../lib/clock.ts'
import type { FixedWindow } from '../lib/fixed-window.ts'
import type { Log } from '../lib/logger.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { StoredBody } from '../playlists/cached-playlists.ts'
import { encodeEntry } from '../playlists/entry-codec.ts'
import type { ImportEntry } from '../playlists/import-entry.ts'
import { LONG_TIMEOUT_MS, RedisConnection } from './connection.ts'
import { GateSync } from './gate-sync.ts'
import type { RedisState } from './guarded-client.ts'
import type { RedisObserver } from './operation.ts'
import { RedisFixedWindow } from './redis-fixed-window.ts'
import { RedisQuota } from './redis-quota.ts'
import { type EntryCodec, RedisTier } from './redis-tier.ts'

/** The right to probe outlasts the longest probe. */
const PROBE_MARGIN_MS = 1000
/** The budget may wait for two replies to its own message and two to the one before. */
const BUDGET_REPLIES = 4
/** Enough to distinguish apps without revealing their ids. */
const APP_NAME_LENGTH = 16

export interface RedisOptions {
  /** The value of SHARED_CACHE_URL. */
  url: string
  config: Config
  importEntry: ImportEntry
  clock: Clock
  log: Log
  observe: RedisObserver
  /** Aborts when the service stops, so callers stop waiting for Redis. */
  signal: AbortSignal
}

/** Everything that replicas share through one Redis or Valkey. */
export interface RedisServices {
  readonly tier: RedisTier<StoredBody>
  readonly budget: RedisQuota
  readonly gates: GateSync
  callerCounts(windowMs: number): FixedWindow
  readonly state: RedisState
  /** Connects, and reads the count and the current pause, within about two seconds. Never rejects. */
  start(): Promise<void>
  /** Sends the final count, unless `late` aborts first, and disconnects. Never rejects. */
  close(late: AbortSignal): Promise<void>
}

/** Creates everything that replicas share, without connecting. */
export function createRedis(options: RedisOptions): RedisServices {
  const { url, config, importEntry, clock, log, observe, signal } = options
  const connection = new RedisConnection({
    // The configuration is valid.
    target: parseSharedCacheUrl(url) as SharedCacheTarget,
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
  const budgetMs = BUDGET_REPLIES * Math.max(LONG_TIMEOUT_MS, config.SHARED_CACHE_TIMEOUT_MS)
  const probeMs = config.SPOTIFY_TIMEOUT_MS + budgetMs + PROBE_MARGIN_MS
  const gates = new GateSync({ connection, app, probeMs, clock })
  const tier = new RedisTier({ connection, codec: codecFor(importEntry), clock })
  return {
    tier,
    budget,
    gates,
    callerCounts: windowMs => new RedisFixedWindow(connection, windowMs, clock, signal),
    get state() {
      return connection.state
    },
    async start() {
      await connection.start()
      await Promise.all([budget.start(), gates.start()])
    },
    async close(late) {
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
