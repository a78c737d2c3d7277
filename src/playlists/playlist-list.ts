import type { FetchOptions } from '../cache/origin-fetches.ts'
import type { SerialisedItems } from './serialised-items.ts'

/** Follows each playlist in the cached bytes, including the last one. */
export const JSON_SEPARATOR = ','

/** A user's public playlists as one list, ready to be sent. Immutable. */
export interface PlaylistList {
  /** Simplified playlists as minified JSON, in Spotify's order, without `null`s and repeats. */
  readonly playlists: SerialisedItems
  /** Entries that Spotify counts, including `null`s; determines the pages of the next read. */
  readonly spotifyTotal: number
  /** Whether the list certainly has all playlists: see spotify/playlist-source.ts. */
  readonly complete: boolean
  /** Whether a second read gave the same list, so another read soon would gain nothing. */
  readonly settled: boolean
  /** Digest of all bytes of the playlists and of `complete`, so of all that callers see. */
  readonly digest: string
  /** Digest of the keys of the playlists in order, without their other members. */
  readonly membership: string
}

/** The options of one read. */
export interface LookupOptions extends FetchOptions {
  /** Aborted when the service stops. */
  signal: AbortSignal
}

/** The origin of playlists. */
export interface PlaylistSource {
  /**
   * Reads all playlists of the user with this canonical id. From the cached list, `previous`, it takes
   * the number of pages, so a revalidation requests all of them at once.
   *
   * @throws {Problem} if any page fails; it never returns a part of the list.
   */
  playlists(
    userId: string,
    previous: PlaylistList | undefined,
    options: LookupOptions,
  ): Promise<PlaylistList>
}
