import type { MemoryStore } from '../../cache/memory-store.ts'
import { redirectUriOf } from '../../config/redirect-uri.ts'
import type { Consents } from '../../links/consents.ts'
import { createLinks, type LinkedAccountsOptions } from '../../links/create-links.ts'
import type { LinkName } from '../../links/link.ts'
import { cacheKeyOf, isServable, keyOfLink } from '../../links/link-key.ts'
import { type LinksStatus, statusOf } from '../../links/link-report.ts'
import type { LinkedSource } from '../../links/linked-source.ts'
import type { StoredBody } from '../../playlists/cached-playlists.ts'
import type { PlaylistSource } from '../../playlists/playlist-list.ts'
import type { VariantCache } from '../../playlists/representations.ts'
import type { AppInstance } from '../app-instance.ts'
import { linksRoutes } from './links.ts'
import { ownerLinksRoutes } from './owner-links.ts'

export interface LinkedServiceOptions
  extends Omit<LinkedAccountsOptions, 'file' | 'redirectUri' | 'forget'> {
  store: MemoryStore<StoredBody>
  variants: VariantCache
  /** Removes retired lists from the snapshot file, if any; rejects if some might remain. */
  purgeSnapshot: () => Promise<void>
}

/** Linked accounts, as the rest of the service uses them. */
export interface LinkedAccountsService {
  /** Reads users by cache key. */
  readonly source: PlaylistSource
  /** Returns the cache key for a canonical user id. */
  keyOf(userId: string): string
  /** Whether a cached list with this key may be served. */
  accepts(key: string): boolean
  status(): LinksStatus
  /** How many entries the service has left out since startup, by `public` member. */
  readonly leftOut: Readonly<LinkedSource['leftOut']>
  /** The attempts to link an account since startup, by outcome. */
  readonly attempts: Readonly<Consents['attempts']>
  /** Registers the routes for linked accounts. */
  register(app: AppInstance, publicUrl: string | undefined): void
  /** Waits for renewals until `late` aborts, then for writes; then lets other processes use the file. */
  close(late: AbortSignal): Promise<void>
}

/**
 * Opens the links file, and logs the redirect URI, which the operator has to copy.
 *
 * @throws {LinkFileError} if the file cannot be used.
 */
export async function startLinkedAccounts(
  options: LinkedServiceOptions,
): Promise<LinkedAccountsService> {
  const { config, store, variants, purgeSnapshot, log } = options
  // `loadConfig` has checked that both are set.
  const redirectUri = redirectUriOf(config) as string
  const file = config.LINKS_FILE as string

  /** Removes a link's list from memory and from the snapshot. */
  async function forget(link: LinkName): Promise<void> {
    store.retire(keyOfLink(link))
    variants.clear()
    await purgeSnapshot()
  }

  const { links, consents, source, close } = await createLinks({
    ...options,
    file,
    redirectUri,
    forget,
  })
  log.info(
    { redirect_uri: redirectUri, links: links.list().length },
    'linked accounts are on; the app needs this redirect URI in the Spotify developer dashboard',
  )
  return {
    source,
    keyOf: userId => cacheKeyOf(links, userId),
    accepts: key => isServable(links, key),
    status: () => statusOf(links),
    leftOut: source.leftOut,
    attempts: consents.attempts,
    register(app, publicUrl) {
      linksRoutes(app, { links, consents, redirectUri, publicUrl })
      const authorizeUrl = new URL(config.SPOTIFY_AUTHORIZE_URL)
      const privacyUrl = config.LINKS_PRIVACY_URL
      ownerLinksRoutes(app, { consents, publicUrl, authorizeUrl, redirectUri, privacyUrl })
    },
    close,
  }
}
