import { readFileSync } from 'node:fs'
import type { FastifyBaseLogger } from 'fastify'
import { Registry } from 'prom-client'
import { MemoryStore } from './cache/memory-store.ts'
import { ResponseCache } from './cache/response-cache.ts'
import { parseApiKeys } from './config/api-keys.ts'
import { type CorsOrigins, parseCorsOrigins } from './config/cors-origins.ts'
import type { Config } from './config/schema.ts'
import { parseTrustProxy } from './config/trust-proxy.ts'
import type { AppInstance } from './http/app-instance.ts'
import { authenticate, warnWhenExposed } from './http/authentication.ts'
import { limitConnections, maxConnections } from './http/connection-limit.ts'
import { trackConnections } from './http/connections.ts'
import { createServer } from './http/create-server.ts'
import { basePathOf } from './http/origin.ts'
import { limitCallers, WINDOW_SECONDS } from './http/rate-limit.ts'
import { docsPage } from './http/routes/docs.ts'
import { METRICS_PATH } from './http/routes/metrics.ts'
import { registerRoutes } from './http/routes/routes.ts'
import { stopInOrder } from './http/shutdown.ts'
import { closeStalled } from './http/stalled-connections.ts'
import { type RunInBackground, runUntraced } from './lib/background.ts'
import type { Clock } from './lib/clock.ts'
import { LocalFixedWindow } from './lib/fixed-window.ts'
import { connectionMetrics, httpMetrics } from './monitoring/http-metrics.ts'
import { redisMetrics } from './monitoring/redis-metrics.ts'
import { spotifyMetrics } from './monitoring/spotify-metrics.ts'
import { stateMetrics } from './monitoring/state-metrics.ts'
import { serviceStatus } from './monitoring/status-report.ts'
import { adopt, isList, producer, type StoredBody } from './playlists/cached-playlists.ts'
import { entryImporter, type ImportEntry } from './playlists/import-entry.ts'
import { VARIANTS_SHARE, VariantCache } from './playlists/representations.ts'
import { CacheSnapshot } from './playlists/snapshot.ts'
import { Problem } from './problems/problem.ts'
import type { RedisOptions, RedisServices } from './redis/create-redis.ts'
import { createSpotify } from './spotify/create-spotify.ts'
import { DailyBudget } from './spotify/gate/request-quota.ts'

const openapi = readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8')

export interface AppDependencies {
  clock: Clock
  /** A number from 0 (included) to 1 (excluded), to keep retries and renewals out of step. */
  random: () => number
  logger: FastifyBaseLogger
  /** Metrics of the whole process, which may run several of these; none when left out. */
  processMetrics?: Pick<Registry, 'metrics'>
  /** The limit of the process on open files and sockets; unknown when left out. */
  openFiles?: number | undefined
  /** How refreshes behind stale answers are run; plainly when left out. */
  runInBackground?: RunInBackground
}

/** The whole service, wired in call order but not listening. Closing it ends all it has started. */
export async function buildApp(
  config: Config,
  dependencies: AppDependencies,
): Promise<AppInstance> {
  const { clock, random, logger: log, processMetrics, runInBackground = runUntraced } = dependencies
  const register = new Registry()
  const stopping = new AbortController()
  const sharedState = () => shared?.state ?? 'off'
  const observe = redisMetrics(register, sharedState)
  const importEntry = entryImporter(config, clock)
  const shared = await redisFor({
    config,
    importEntry,
    clock,
    log,
    observe,
    signal: stopping.signal,
  })
  const budget = shared?.budget ?? new DailyBudget(config.SPOTIFY_DAILY_BUDGET, clock)
  const spotify = createSpotify({
    config,
    budget,
    peers: shared?.gates,
    clock,
    random,
    log,
    observe: spotifyMetrics(register),
  })
  const { tokens, gate, source } = spotify
  const variantBytes = Math.floor(VARIANTS_SHARE * config.CACHE_MAX_BYTES)
  const variants = new VariantCache(variantBytes)
  const store = new MemoryStore<StoredBody>(config.CACHE_MAX_BYTES - variantBytes)
  const snapshot = snapshotFor(config, store, importEntry, dependencies)
  const cache = new ResponseCache<StoredBody>({
    store,
    fetch: producer({ source, lifetimes: config, clock, signal: stopping.signal }),
    clock,
    random,
    lookupTimeoutMs: config.LOOKUP_TIMEOUT_MS,
    signal: stopping.signal,
    minRefreshMs: config.CACHE_MIN_REFRESH_SECONDS * 1000,
    ...(shared === undefined ? {} : { shared: { tier: shared.tier, mergeFromReplica: adopt } }),
    runInBackground,
    log,
  })

  const publicUrl = config.PUBLIC_URL?.replace(/\/+$/, '')
  const basePath = basePathOf(publicUrl)
  const { app, answers } = createServer(
    { trustProxy: parseTrustProxy(config.TRUST_PROXY), basePath },
    { clock, logger: log, observe: httpMetrics(register) },
  )
  if (config.CORS_ORIGINS !== undefined) {
    // Not loaded by those who do not want it.
    const { allowOrigins } = await import('./http/cors.ts')
    // The configuration was checked.
    await allowOrigins(app, parseCorsOrigins(config.CORS_ORIGINS) as CorsOrigins)
  }
  const { keys } = parseApiKeys(config.API_KEYS)
  authenticate(app, { keys, alsoOpen: config.METRICS_OPEN ? [METRICS_PATH] : [] })
  if (keys.length === 0) warnWhenExposed(app)
  const limit = config.CALLER_REQUESTS_PER_MINUTE
  if (limit > 0) {
    const windowMs = WINDOW_SECONDS * 1000
    const counts = shared?.callerCounts(windowMs) ?? new LocalFixedWindow(windowMs, clock)
    limitCallers(app, { limit, counts, clock })
  }
  const memory = {
    get status() {
      const { bytes, ...status } = cache.status
      const maxBytes = config.CACHE_MAX_BYTES
      return { ...status, bytes: bytes + variants.heldBytes, maxBytes }
    },
  }
  let isDraining = false
  const startedAt = clock.now()
  stateMetrics(register, { cache: memory, gate, budget, tokens, isDraining: () => isDraining })
  registerRoutes(app, {
    openapi,
    cache,
    variants,
    clock,
    publicUrl,
    cacheScope: keys.length > 0 ? 'private' : 'public',
    isDraining: () => isDraining,
    tokenProblem: () => tokens.problem,
    hasUsable: () => cache.hasUsable(isList),
    metrics: async () => (await register.metrics()) + ((await processMetrics?.metrics()) ?? ''),
    status: () =>
      serviceStatus({
        startedAt,
        isDraining: () => isDraining,
        tokens,
        gate,
        budget,
        cache: memory,
        sharedState,
      }),
  })
  await docsPage(app, basePath)

  app.addHook('onReady', async () => {
    // What others know of Spotify comes before the first request to it.
    await shared?.start()
    tokens.start()
    await snapshot?.load()
  })
  const connections = trackConnections(app.server, clock)
  const countClosed = connectionMetrics(register)
  limitConnections(app.server, {
    max: maxConnections(dependencies.openFiles, config.SPOTIFY_CONCURRENCY),
    clock,
    log,
    onDropped: () => countClosed('limit'),
  })
  closeStalled(app.server, { connections, clock, log, onClosed: () => countClosed('stalled') })
  stopInOrder(app, {
    answers,
    connections,
    clock,
    delayMs: config.SHUTDOWN_DELAY_MS,
    limitMs: config.SHUTDOWN_TIMEOUT_MS,
    onStop: () => {
      isDraining = true
    },
    giveUp: () =>
      stopping.abort(new Problem('shutting-down', 'The service stopped before the list arrived.')),
    snapshot,
    shared,
    close: () => {
      cache.close()
      return spotify.close()
    },
  })
  return app
}

async function redisFor(options: Omit<RedisOptions, 'url'>): Promise<RedisServices | undefined> {
  const url = options.config.SHARED_CACHE_URL
  if (url === undefined) return undefined
  // Loaded only with a shared cache.
  const { createRedis } = await import('./redis/create-redis.ts')
  return createRedis({ url, ...options })
}

function snapshotFor(
  config: Config,
  store: MemoryStore<StoredBody>,
  importEntry: ImportEntry,
  { clock, logger }: AppDependencies,
): CacheSnapshot | undefined {
  const path = config.CACHE_SNAPSHOT_FILE
  if (path === undefined) return undefined
  const maxBytes = config.CACHE_MAX_BYTES
  return new CacheSnapshot({ path, store, maxBytes, importEntry, clock, log: logger })
}
