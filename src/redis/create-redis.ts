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
import { PATIENCE_MS, ValkeyConnection } from './connection.ts'
import type { EntryCodec } from './entry-store.ts'
import { SharedGate } from './gate-sync.ts'
import type { SharedObserver } from './operation.ts'
import type { SharedState } from './redis.ts'
import { SharedCallerCounts } from './redis-fixed-window.ts'
import { SharedBudget } from './redis-quota.ts'
import { ValkeyTier } from './redis-tier.ts'

/** A turn to probe lasts longer than a probe can. */
const PROBE_MARGIN_MS = 1000
/** For so many replies of Redis the shared budget may wait: two to its own message, two to the one before. */
const BUDGET_ANSWERS = 4
/** Enough to tell apps apart, and nothing to learn an id from. */
const APP_NAME_LENGTH = 16

export interface SharedPartsOptions {
  /** Of a configuration that has it. */
  url: string
  config: Config
  importEntry: ImportEntry
  clock: Clock
  log: Log
  observe: SharedObserver
  /** Aborted when the service stops: then callers no longer wait for the engine. */
  signal: AbortSignal
}

/** All that replicas share through one Redis or Valkey. */
export interface SharedParts {
  readonly tier: ValkeyTier<StoredBody>
  readonly budget: SharedBudget
  readonly gates: SharedGate
  callerCounts(windowMs: number): FixedWindow
  readonly state: SharedState
  /** Connects and learns what stands, within about a second. Never rejects. */
  start(): Promise<void>
  /** Tells what is still to be told, unless `late` is aborted first, and disconnects. Never rejects. */
  close(late: AbortSignal): Promise<void>
}

/** Builds what replicas share, in the order in which it depends on each other. */
export function sharedParts(options: SharedPartsOptions): SharedParts {
  const { url, config, importEntry, clock, log, observe, signal } = options
  const connection = new ValkeyConnection({
    // The configuration was checked.
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
  const budget = new SharedBudget({ connection, app, limit, clock })
  const budgetMs = BUDGET_ANSWERS * Math.max(PATIENCE_MS, config.SHARED_CACHE_TIMEOUT_MS)
  const probeMs = config.SPOTIFY_TIMEOUT_MS + budgetMs + PROBE_MARGIN_MS
  const gates = new SharedGate({ connection, app, probeMs, clock })
  const tier = new ValkeyTier({ connection, codec: codecFor(importEntry), clock })
  return {
    tier,
    budget,
    gates,
    callerCounts: windowMs => new SharedCallerCounts(connection, windowMs, clock, signal),
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
      await connection.close()
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
