import { proxyFor } from '../config/proxy.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { version } from '../lib/version.ts'
import type { PlaylistSource } from '../playlists/playlist-list.ts'
import { createGate, type Gate } from './gate/gate.ts'
import type { GatePeers } from './gate/gate-peers.ts'
import type { RequestBudget } from './gate/request-quota.ts'
import { createAppPlaylists } from './playlist-source.ts'
import type { RequestObserver } from './request-observer.ts'
import { TokenKeeper } from './token-keeper.ts'
import { createExchange } from './transport.ts'
import { createSpotifyClient } from './web-api.ts'

/** A page of 50 playlists has 60 to 70 kB. */
const MAX_PAGE_BYTES = 2 * 1024 * 1024
const MAX_TOKEN_BYTES = 64 * 1024

export interface SpotifyPartsOptions {
  config: Config
  budget: RequestBudget
  /** The gates of other replicas, if there are any. */
  peers: GatePeers | undefined
  clock: Clock
  random: () => number
  log: Log
  observe: RequestObserver
}

/** All that speaks to Spotify. */
export interface SpotifyParts {
  readonly tokens: TokenKeeper
  readonly gate: Gate
  readonly source: PlaylistSource
  /** Stops renewing tokens and closes all connections. */
  close(): Promise<void>
}

/** Builds what speaks to Spotify, in the order of a request. */
export function spotifyParts(options: SpotifyPartsOptions): SpotifyParts {
  const { config, budget, peers, clock, random, log, observe } = options
  const apiUrl = new URL(config.SPOTIFY_API_URL)
  const tokenUrl = new URL(config.SPOTIFY_TOKEN_URL)
  const timeoutMs = config.SPOTIFY_TIMEOUT_MS
  const concurrency = config.SPOTIFY_CONCURRENCY

  const tokenExchange = createExchange(tokenUrl.origin, 1, {
    clock,
    timeoutMs,
    maxBytes: MAX_TOKEN_BYTES,
    proxy: proxyFor(tokenUrl, config),
  })
  const tokens = new TokenKeeper({
    exchange: tokenExchange,
    path: tokenUrl.pathname,
    clientId: config.SPOTIFY_CLIENT_ID,
    clientSecret: config.SPOTIFY_CLIENT_SECRET,
    clock,
    random,
    log,
    observe,
  })
  const apiExchange = createExchange(apiUrl.origin, concurrency, {
    clock,
    timeoutMs,
    maxBytes: MAX_PAGE_BYTES,
    proxy: proxyFor(apiUrl, config),
  })
  const gate = createGate({
    concurrency,
    queue: config.SPOTIFY_QUEUE,
    budget,
    ...(peers === undefined ? {} : { peers }),
    clock,
    random,
    log,
  })
  const client = createSpotifyClient({
    exchange: apiExchange,
    basePath: apiUrl.pathname.replace(/\/$/, ''),
    tokens,
    gate,
    budget,
    clock,
    observe,
    maxPages: config.SPOTIFY_MAX_PAGES,
    userAgent: `playlist-proxy/${version}`,
  })
  return {
    tokens,
    gate,
    source: createAppPlaylists({ client, budget, concurrency }),
    async close() {
      tokens.stop()
      await Promise.all([apiExchange.close(), tokenExchange.close()])
    },
  }
}
