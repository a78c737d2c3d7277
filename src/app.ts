import { setMaxListeners } from 'node:events'
import type { FastifyBaseLogger } from 'fastify'
import { Registry } from 'prom-client'
import { parseApiKeys } from './api-keys.ts'
import { MemoryStore } from './cache/memory-store.ts'
import { ResponseCache } from './cache/response-cache.ts'
import { CacheSnapshot } from './cache-snapshot.ts'
import { LocalCallerCounts } from './caller-counts.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { AppInstance } from './http/app-instance.ts'
import { authenticate } from './http/authentication.ts'
import { limitCallers, WINDOW_SECONDS } from './http/caller-limit.ts'
import { createServer } from './http/create-server.ts'
import { docsPage } from './http/docs.ts'
import { drainConnections } from './http/drain.ts'
import { warnWhenExposed } from './http/exposure.ts'
import { METRICS_PATH } from './http/metrics.ts'
import { httpMetrics } from './metrics/http-metrics.ts'
import { spotifyMetrics } from './metrics/spotify-metrics.ts'
import { stateMetrics } from './metrics/state-metrics.ts'
import { openapiText } from './openapi-text.ts'
import { Problem } from './problems.ts'
import { basePathOf } from './public-url.ts'
import { registerRoutes } from './routes.ts'
import { type RunApart, runPlainly } from './run-apart.ts'
import { serviceStatus } from './service-status.ts'
import { createSpotifyClient } from './spotify/client.ts'
import { DailyBudget } from './spotify/daily-budget.ts'
import { createExchange } from './spotify/exchange.ts'
import { createGate } from './spotify/gate.ts'
import { createAppPlaylists } from './spotify/playlists.ts'
import { TokenKeeper } from './spotify/token.ts'
import { producer, type StoredBody } from './stored-playlists.ts'
import { parseTrustProxy } from './trust-proxy.ts'
import { version } from './version.ts'

/** A page of 50 playlists has 60 to 70 kB. */
const MAX_PAGE_BYTES = 2 * 1024 * 1024
const MAX_TOKEN_BYTES = 64 * 1024
/** The part of SHUTDOWN_TIMEOUT_MS for which lookups under way are waited for. */
const GIVE_UP_SHARE = 0.75

export interface AppDependencies {
  clock: Clock
  /** A number from 0 (included) to 1 (excluded), to keep retries and renewals out of step. */
  random: () => number
  logger: FastifyBaseLogger
  /** Metrics of the whole process, which may run several of these; none when left out. */
  processMetrics?: Pick<Registry, 'metrics'>
  /** How refreshes behind stale answers are run; plainly when left out. */
  runApart?: RunApart
}

/** The whole service, wired in call order but not listening. Closing it ends all it has started. */
export async function buildApp(
  config: Config,
  dependencies: AppDependencies,
): Promise<AppInstance> {
  const { clock, random, logger: log, processMetrics, runApart = runPlainly } = dependencies
  const register = new Registry()
  const observeSpotify = spotifyMetrics(register)
  const stopping = new AbortController()
  // Every lookup under way listens.
  setMaxListeners(0, stopping.signal)
  const apiUrl = new URL(config.SPOTIFY_API_URL)
  const tokenUrl = new URL(config.SPOTIFY_TOKEN_URL)
  const timeoutMs = config.SPOTIFY_TIMEOUT_MS

  const tokenExchange = createExchange(tokenUrl.origin, 1, {
    clock,
    timeoutMs,
    maxBytes: MAX_TOKEN_BYTES,
  })
  const tokens = new TokenKeeper({
    exchange: tokenExchange,
    path: tokenUrl.pathname,
    clientId: config.SPOTIFY_CLIENT_ID,
    clientSecret: config.SPOTIFY_CLIENT_SECRET,
    clock,
    random,
    log,
    observe: observeSpotify,
  })
  const apiExchange = createExchange(apiUrl.origin, config.SPOTIFY_CONCURRENCY, {
    clock,
    timeoutMs,
    maxBytes: MAX_PAGE_BYTES,
  })
  const budget = new DailyBudget(config.SPOTIFY_DAILY_BUDGET, clock)
  const gate = createGate({
    concurrency: config.SPOTIFY_CONCURRENCY,
    queue: config.SPOTIFY_QUEUE,
    budget,
    clock,
    random,
    log,
  })
  const client = createSpotifyClient({
    exchange: apiExchange,
    basePath: apiUrl.pathname.replace(/\/$/, ''),
    tokens,
    gate,
    clock,
    observe: observeSpotify,
    maxPages: config.SPOTIFY_MAX_PAGES,
    userAgent: `playlist-proxy/${version}`,
  })
  const source = createAppPlaylists({
    client,
    concurrency: config.SPOTIFY_CONCURRENCY,
  })
  const store = new MemoryStore<StoredBody>(config.CACHE_MAX_BYTES)
  const snapshot = snapshotFor(config, store, dependencies)
  const cache = new ResponseCache<StoredBody>({
    store,
    produce: producer({ source, lifetimes: config, clock, signal: stopping.signal }),
    clock,
    random,
    lookupTimeoutMs: config.LOOKUP_TIMEOUT_MS,
    minRefreshMs: config.CACHE_MIN_REFRESH_SECONDS * 1000,
    runApart,
    log,
  })

  const app = createServer(parseTrustProxy(config.TRUST_PROXY), {
    clock,
    logger: log,
    observe: httpMetrics(register),
  })
  const { keys } = parseApiKeys(config.API_KEYS)
  authenticate(app, { keys, alsoOpen: config.METRICS_OPEN ? [METRICS_PATH] : [] })
  if (keys.length === 0) warnWhenExposed(app)
  const limit = config.CALLER_REQUESTS_PER_MINUTE
  if (limit > 0) {
    limitCallers(app, { limit, counts: new LocalCallerCounts(WINDOW_SECONDS * 1000, clock), clock })
  }
  const publicUrl = config.PUBLIC_URL?.replace(/\/+$/, '')
  let isDraining = false
  const startedAt = clock.now()
  stateMetrics(register, { cache, gate, budget, tokens, isDraining: () => isDraining })
  registerRoutes(app, {
    openapi: openapiText(publicUrl),
    cache,
    clock,
    publicUrl,
    cacheScope: keys.length > 0 ? 'private' : 'public',
    isDraining: () => isDraining,
    tokenProblem: () => tokens.problem,
    hasUsable: () => cache.hasUsable(),
    metrics: async () => (await register.metrics()) + ((await processMetrics?.metrics()) ?? ''),
    status: () =>
      serviceStatus({ startedAt, isDraining: () => isDraining, tokens, gate, budget, cache }),
  })
  await docsPage(app, basePathOf(publicUrl))

  app.addHook('onReady', async () => {
    tokens.start()
    await snapshot?.load()
  })
  const stop = () =>
    stopping.abort(new Problem('shutting-down', 'The service stopped before the list arrived.'))
  let cancelGivingUp = stop
  const drain = drainConnections(app, clock, config.SHUTDOWN_DELAY_MS)
  app.addHook('preClose', async () => {
    isDraining = true
    // Early enough for whoever still waits then to get an answer instead of a reset.
    cancelGivingUp = clock.schedule(GIVE_UP_SHARE * config.SHUTDOWN_TIMEOUT_MS, stop)
    await drain()
  })
  app.addHook('onClose', async () => {
    cancelGivingUp()
    cache.close()
    tokens.stop()
    stop()
    await Promise.all([apiExchange.close(), tokenExchange.close(), snapshot?.close()])
  })
  return app
}

function snapshotFor(
  config: Config,
  store: MemoryStore<StoredBody>,
  { clock, logger }: AppDependencies,
): CacheSnapshot | undefined {
  const path = config.CACHE_SNAPSHOT_FILE
  if (path === undefined) return undefined
  const longest = {
    freshMs: 1000 * Math.max(config.CACHE_FRESH_SECONDS, config.CACHE_NEGATIVE_SECONDS),
    staleWhileRevalidateMs: 1000 * config.CACHE_STALE_WHILE_REVALIDATE_SECONDS,
    staleIfErrorMs: 1000 * config.CACHE_STALE_IF_ERROR_SECONDS,
  }
  const maxBytes = config.CACHE_MAX_BYTES
  return new CacheSnapshot({ path, store, maxBytes, longest, clock, log: logger })
}
