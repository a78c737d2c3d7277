import { readFileSync } from 'node:fs'
import type { FastifyBaseLogger } from 'fastify'
import { Registry } from 'prom-client'
import { MemoryStore } from './cache/memory-store.ts'
import { ResponseCache } from './cache/response-cache.ts'
import { parseExampleUsers } from './config/example-users.ts'
import type { Config } from './config/schema.ts'
import { parseTrustProxy } from './config/trust-proxy.ts'
import { controlAccess } from './http/access-control.ts'
import type { AppInstance } from './http/app-instance.ts'
import { manageConnections, maxConnections } from './http/connections.ts'
import { createServer } from './http/create-server.ts'
import { basePathOf } from './http/origin.ts'
import { docsPage } from './http/routes/docs.ts'
import { FastPath, SELECTIONS_SHARE } from './http/routes/fast-path.ts'
import { loadLinkedAccounts } from './http/routes/load-linked-accounts.ts'
import { METRICS_PATH } from './http/routes/metrics.ts'
import { registerRoutes } from './http/routes/routes.ts'
import { stopInOrder } from './http/shutdown.ts'
import { type RunInBackground, runUntraced } from './lib/background.ts'
import type { Clock } from './lib/clock.ts'
import { connectionMetrics, httpMetrics } from './monitoring/http-metrics.ts'
import { linkMetrics } from './monitoring/link-metrics.ts'
import { redisMetrics } from './monitoring/redis-metrics.ts'
import { spotifyMetrics } from './monitoring/spotify-metrics.ts'
import { stateMetrics } from './monitoring/state-metrics.ts'
import { serviceStatus } from './monitoring/status-report.ts'
import {
  isList,
  listFetcher,
  mergeFromReplica,
  type StoredBody,
} from './playlists/cached-playlists.ts'
import { entryImporter } from './playlists/import-entry.ts'
import { VARIANTS_SHARE, VariantCache } from './playlists/representations.ts'
import { createSnapshot, isWithoutLink } from './playlists/snapshot.ts'
import { Problem } from './problems/problem.ts'
import { loadRedis } from './replicas/load-redis.ts'
import { createSpotify } from './spotify/create-spotify.ts'
import { DailyBudget } from './spotify/gate/request-quota.ts'

const openapi = readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8')

export interface AppDependencies {
  clock: Clock
  /** Returns a number from 0 (inclusive) to 1 (exclusive), for the jitter in retries and renewals. */
  random: () => number
  logger: FastifyBaseLogger
  /** Metrics for the whole process, which can run several services; none by default. */
  processMetrics?: Pick<Registry, 'metrics'>
  /** The maximum number of files this process can open; unknown by default. */
  openFiles?: number | undefined
  /** Whether requests are traced; not by default. */
  isTraced?: boolean
  /** Runs background revalidations; untraced by default. */
  runInBackground?: RunInBackground
}

/** Builds the whole service but does not listen. Closing the app stops everything it started. */
export async function buildApp(
  config: Config,
  dependencies: AppDependencies,
): Promise<AppInstance> {
  const { clock, random, logger: log, processMetrics, isTraced = false } = dependencies
  const { runInBackground = runUntraced } = dependencies
  const register = new Registry()
  const stopping = new AbortController()
  const sharedState = () => shared?.state ?? 'off'
  const observe = redisMetrics(register, sharedState)
  const importEntry = entryImporter(config, clock)
  const { signal } = stopping
  const shared = await loadRedis({ config, importEntry, clock, log, observe, signal })
  const budget = shared?.budget ?? new DailyBudget(config.SPOTIFY_DAILY_BUDGET, clock)
  const common = { config, budget, clock, random, log }
  const observeSpotify = spotifyMetrics(register)
  const spotify = createSpotify({ ...common, peers: shared?.gates, observe: observeSpotify })
  const { tokens, gate } = spotify
  const variantBytes = Math.floor(VARIANTS_SHARE * config.CACHE_MAX_BYTES)
  const selectionBytes = Math.floor(SELECTIONS_SHARE * variantBytes)
  const variants = new VariantCache(variantBytes - selectionBytes)
  const isAccepted = (key: string) => linked?.accepts(key) ?? isWithoutLink(key)
  const store = new MemoryStore<StoredBody>(config.CACHE_MAX_BYTES - variantBytes, isAccepted)
  const purgeSnapshot = async () => snapshot?.purge()
  const cached = { store, variants, purgeSnapshot }
  const linked = await loadLinkedAccounts({ ...common, ...cached, spotify, signal })
  const { source, keyOf } = linked ?? { source: spotify.source }
  const snapshot = createSnapshot(config, store, { importEntry, clock, log })
  const cache = new ResponseCache<StoredBody>({
    store,
    fetch: listFetcher({ source, lifetimes: config, clock, signal }),
    clock,
    random,
    lookupTimeoutMs: config.LOOKUP_TIMEOUT_MS,
    signal,
    minRefreshMs: config.CACHE_MIN_REFRESH_SECONDS * 1000,
    ...(shared === undefined ? {} : { shared: { tier: shared.tier, mergeFromReplica } }),
    runInBackground,
    log,
  })

  const publicUrl = config.PUBLIC_URL?.replace(/\/+$/, '')
  const basePath = basePathOf(publicUrl)
  const observeHttp = httpMetrics(register)
  const { app, responses } = createServer({
    trustProxy: parseTrustProxy(config.TRUST_PROXY),
    basePath,
    clock,
    logger: log,
    observe: observeHttp,
  })
  const { cacheScope, admit } = await controlAccess(app, config, {
    alsoOpen: config.METRICS_OPEN ? [METRICS_PATH] : [],
    sharedCounts: shared?.callerCounts,
    clock,
  })
  // The fast path writes neither log lines nor spans for hits.
  const isSeen = isTraced || ['debug', 'trace'].includes(log.level)
  const fastPathOptions = { cache, variants, keyOf, responses, observe: observeHttp, clock }
  const fastPath =
    admit !== undefined && !isSeen
      ? new FastPath({ ...fastPathOptions, admit, maxBytes: selectionBytes })
      : undefined
  fastPath?.attachTo(app.server)
  let isDraining = false
  const parts = {
    startedAt: clock.now(),
    isDraining: () => isDraining,
    tokens,
    gate,
    budget,
    cache: {
      /** The combined status of all caches. */
      get status() {
        const { status } = cache
        const bytes = status.bytes + variants.heldBytes + (fastPath?.heldBytes ?? 0)
        return { ...status, bytes, maxBytes: config.CACHE_MAX_BYTES }
      },
    },
    sharedState,
    links: linked,
  }
  stateMetrics(register, parts)
  if (linked !== undefined) linkMetrics(register, linked)
  registerRoutes(app, {
    openapi,
    cache,
    variants,
    clock,
    publicUrl,
    exampleUsers: parseExampleUsers(config.EXAMPLE_USERS),
    cacheScope,
    fastPath,
    keyOf,
    isDraining: parts.isDraining,
    tokenProblem: () => tokens.problem,
    hasUsable: () => cache.hasUsable(isList),
    metrics: async () => (await register.metrics()) + ((await processMetrics?.metrics()) ?? ''),
    status: () => serviceStatus(parts),
  })
  linked?.register(app, publicUrl)
  await docsPage(app, basePath)

  app.addHook('onReady', async () => {
    // Another replica might have paused all requests, so the service reads Redis before it sends any.
    await shared?.start()
    tokens.start()
    await snapshot?.load()
  })
  const connections = manageConnections(app.server, {
    max: maxConnections(dependencies.openFiles, config.SPOTIFY_CONCURRENCY),
    clock,
    log,
    onClosed: connectionMetrics(register),
  })
  stopInOrder(app, {
    responses,
    connections,
    clock,
    delayMs: config.SHUTDOWN_DELAY_MS,
    limitMs: config.SHUTDOWN_TIMEOUT_MS,
    onStop: () => {
      isDraining = true
    },
    abortLookups: () =>
      stopping.abort(new Problem('shutting-down', 'The service stopped before the list arrived.')),
    snapshot,
    shared,
    close: async late => {
      cache.close()
      // A renewal in progress still needs the connection to Spotify.
      await linked?.close(late)
      await spotify.close()
    },
  })
  return app
}
