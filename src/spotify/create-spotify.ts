import { proxyFor } from '../config/proxy.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { version } from '../lib/version.ts'
import type { PlaylistSource } from '../playlists/playlist-list.ts'
import { createGate, type Gate } from './gate/gate.ts'
import type { GatePeers } from './gate/gate-peers.ts'
import type { RequestBudget } from './gate/request-quota.ts'
import { createPlaylistSource } from './playlist-source.ts'
import type { RequestObserver } from './request-observer.ts'
import { TokenKeeper } from './token-keeper.ts'
import { createTransport, type Transport } from './transport.ts'
import { createSpotifyClient, type SpotifyClientOptions } from './web-api.ts'

/** A page of 50 playlists has 60 to 70 kB. */
const MAX_PAGE_BYTES = 2 * 1024 * 1024
const MAX_TOKEN_BYTES = 64 * 1024

export interface SpotifyOptions {
  config: Config
  budget: RequestBudget
  /** The other replicas' gates; undefined without other replicas. */
  peers: GatePeers | undefined
  clock: Clock
  random: () => number
  log: Log
  observe: RequestObserver
}

/** Everything that sends requests to Spotify. */
export interface Spotify {
  readonly tokens: TokenKeeper
  readonly gate: Gate
  readonly source: PlaylistSource
  /** The transport to the token endpoint. */
  readonly tokenTransport: Transport
  /** The options for every client except tokens: all clients share connections, gate and budget. */
  readonly clientOptions: Omit<SpotifyClientOptions, 'tokens'>
  /** Stops renewing tokens and closes all connections. */
  close(): Promise<void>
}

/** Builds the token keeper, the gate and the playlist source. */
export function createSpotify(options: SpotifyOptions): Spotify {
  const { config, budget, peers, clock, random, log, observe } = options
  const apiUrl = new URL(config.SPOTIFY_API_URL)
  const tokenUrl = new URL(config.SPOTIFY_TOKEN_URL)
  const timeoutMs = config.SPOTIFY_TIMEOUT_MS
  const concurrency = config.SPOTIFY_CONCURRENCY

  const tokenTransport = createTransport(tokenUrl.origin, 1, {
    clock,
    timeoutMs,
    maxBytes: MAX_TOKEN_BYTES,
    proxy: proxyFor(tokenUrl, config),
  })
  const tokens = new TokenKeeper({
    transport: tokenTransport,
    path: tokenUrl.pathname,
    clientId: config.SPOTIFY_CLIENT_ID,
    clientSecret: config.SPOTIFY_CLIENT_SECRET,
    clock,
    random,
    log,
    observe,
  })
  const apiTransport = createTransport(apiUrl.origin, concurrency, {
    clock,
    timeoutMs,
    maxBytes: MAX_PAGE_BYTES,
    proxy: proxyFor(apiUrl, config),
  })
  const gate = createGate({
    concurrency,
    queue: config.SPOTIFY_QUEUE,
    budget,
    peers,
    clock,
    random,
    log,
  })
  const clientOptions = {
    transport: apiTransport,
    basePath: apiUrl.pathname.replace(/\/$/, ''),
    gate,
    budget,
    clock,
    observe,
    maxPages: config.SPOTIFY_MAX_PAGES,
    userAgent: `playlist-proxy/${version}`,
  }
  const client = createSpotifyClient({ ...clientOptions, tokens })
  return {
    tokens,
    gate,
    tokenTransport,
    clientOptions,
    source: createPlaylistSource({ client, budget, concurrency }),
    async close() {
      tokens.stop()
      await Promise.all([apiTransport.close(), tokenTransport.close()])
    },
  }
}
