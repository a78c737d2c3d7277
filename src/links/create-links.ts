import type { Config } from '../config/schema.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { Spotify } from '../spotify/create-spotify.ts'
import { linkSubject } from '../spotify/gate/gate-evidence.ts'
import { appTokenDenied, linkDenied } from '../spotify/gate/linked-denials.ts'
import type { RequestBudget } from '../spotify/gate/request-quota.ts'
import { createPlaylistSource } from '../spotify/playlist-source.ts'
import { createSpotifyClient, type SpotifyClient } from '../spotify/web-api.ts'
import { AppTokenAccess } from './app-token-access.ts'
import { Consents } from './consents.ts'
import type { Link, LinkName } from './link.ts'
import { LinkFile } from './link-file.ts'
import { LinkTokens } from './link-tokens.ts'
import { createLinkedSource, type LinkedSource } from './linked-source.ts'
import type { Links } from './links.ts'
import { OAuthClient } from './oauth-client.ts'
import { openLinks } from './open-links.ts'
import { readProfile } from './read-profile.ts'
import { Sealer } from './sealing.ts'
import { Tickets } from './tickets.ts'

export interface LinkedAccountsOptions {
  config: Config
  /** The path to the links file. */
  file: string
  redirectUri: string
  spotify: Spotify
  budget: RequestBudget
  clock: Clock
  random: () => number
  log: Log
  /** Called when a link's lists must no longer be served. Resolves when they are removed everywhere. */
  forget: (link: LinkName) => Promise<void>
  /** Aborted when the service stops. */
  signal: AbortSignal
}

/**
 * Reads a link's list. All lookups for the link share a client, so the client's limit on pages waiting to be
 * decoded applies to them together.
 */
interface LinkReader {
  readonly tokens: LinkTokens
  readonly client: SpotifyClient
}

/** The links, and the services to read and change them. */
export interface LinkedAccounts {
  readonly links: Links
  readonly consents: Consents
  /** Reads linked users with their tokens, and all other users with the app token. */
  readonly source: LinkedSource
  /**
   * Waits for renewals in progress, since they can bring new refresh tokens, but only until `late` aborts. Then
   * waits for writes in flight, and lets other processes use the file.
   */
  close(late: AbortSignal): Promise<void>
}

/**
 * Opens the links file and builds everything to read and change links.
 *
 * @throws {LinkFileError} if the file cannot be used.
 */
export async function createLinks(options: LinkedAccountsOptions): Promise<LinkedAccounts> {
  const { config, redirectUri, spotify, budget, clock, random, log, signal } = options
  const { clientOptions } = spotify
  const { observe } = clientOptions
  const sealer = new Sealer(config.SPOTIFY_CLIENT_SECRET, config.LINKS_PREVIOUS_CLIENT_SECRET)
  /** Readers by link id. */
  const readers = new Map<string, LinkReader>()
  const forget = (link: LinkName) => {
    readers.delete(link.linkId)
    return options.forget(link)
  }
  const file = new LinkFile(options.file)
  const { links, close: closeFile } = await openLinks(file, { sealer, clock, log, forget })
  const oauth = new OAuthClient({
    transport: spotify.tokenTransport,
    tokenUrl: new URL(config.SPOTIFY_TOKEN_URL),
    authorizeUrl: new URL(config.SPOTIFY_AUTHORIZE_URL),
    clientId: config.SPOTIFY_CLIENT_ID,
    clientSecret: config.SPOTIFY_CLIENT_SECRET,
    redirectUri,
    clock,
    observe,
    signal,
  })

  function readerOf(link: Link): LinkReader {
    const known = readers.get(link.linkId)
    if (known !== undefined) return known
    const tokens = new LinkTokens(link, { links, oauth, clock, random, log })
    const subject = linkSubject(link.linkId)
    const client = createSpotifyClient({ ...clientOptions, tokens, denied: linkDenied, subject })
    const added = { tokens, client }
    readers.set(link.linkId, added)
    return added
  }

  async function close(late: AbortSignal): Promise<void> {
    const renewals = [...readers.values()].map(({ tokens }) => tokens.renewal)
    await untilAborted(Promise.allSettled(renewals), late).catch(() => {})
    await closeFile()
  }

  const access = new AppTokenAccess({ clock, log, hasLinks: () => links.list().length > 0 })
  const appClient = createSpotifyClient({
    ...clientOptions,
    tokens: spotify.tokens,
    denied: appTokenDenied,
  })
  const reading = { budget, concurrency: config.SPOTIFY_CONCURRENCY }
  const unlinked = createPlaylistSource({ client: access.guard(appClient), ...reading })
  const timeoutMs = config.LOOKUP_TIMEOUT_MS
  const consents = new Consents({
    links,
    oauth,
    tickets: new Tickets(sealer, clock),
    clock,
    profile: token => readProfile(token, { ...clientOptions, timeoutMs, signal }),
    accept: (link, grant) => readerOf(link).tokens.accept(grant),
    callbackPath: new URL(redirectUri).pathname,
  })
  const clientOf = (link: Link) => readerOf(link).client
  const source = createLinkedSource({ links, clientOf, unlinked, clock, ...reading })
  return { links, consents, source, close }
}
