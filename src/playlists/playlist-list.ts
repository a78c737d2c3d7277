import type { FetchOptions } from '../cache/origin-fetches.ts'
import type { SerialisedItems } from './serialised-items.ts'

/** Follows each playlist in the cached bytes, including the last. */
export const JSON_SEPARATOR = ','

/** A user's public playlists as one list, ready to be sent. Immutable. */
export interface PlaylistList {
  /** Simplified playlists as minified JSON, in Spotify's order, without `null`s and repeats. */
  readonly playlists: SerialisedItems
  /** The entry count from Spotify, including `null`s; determines the pages in the next read. */
  readonly spotifyTotal: number
  /**
   * Whether the list certainly has all playlists: the pages agree on the total and have that many entries,
   * and no playlist repeats.
   */
  readonly complete: boolean
  /** Whether a second read gave the same list, so there is no point in rereading soon. */
  readonly settled: boolean
  /** Digest over all playlist bytes and `complete`, so over everything callers see. */
  readonly digest: string
  /** Digest over the playlist keys in order, without other members. */
  readonly membership: string
}

/** The options for a read. */
export interface LookupOptions extends FetchOptions {
  /** Aborted when the service stops. */
  signal: AbortSignal
}

/** Where playlists come from. */
export interface PlaylistSource {
  /**
   * Reads all playlists for the user with this canonical id. Takes the page count from the cached list,
   * `previous`, so a revalidation requests all pages at once.
   *
   * @throws {Problem} if any page fails; never returns a partial list.
   */
  playlists(
    userId: string,
    previous: PlaylistList | undefined,
    options: LookupOptions,
  ): Promise<PlaylistList>
}
