import type { FetchOptions } from '../cache/origin-fetches.ts'
import type { Records } from './records.ts'

/** Follows each playlist in the stored bytes; a reader cuts the last one off. */
export const JSON_SEPARATOR = ','

/** A user's public playlists as one list, ready to be sent. Immutable. */
export interface PlaylistList {
  /** Spotify's simplified playlists as minified JSON, in Spotify's order, without `null`s and repeats. */
  readonly playlists: Records
  /** Entries that Spotify counts, `null`s included: how many pages the next walk needs. */
  readonly spotifyTotal: number
  /** Whether this is certainly everything: see `aggregate` in spotify/playlists.ts. */
  readonly complete: boolean
  /** Whether another walk gave the same list, so that asking again soon gains nothing. */
  readonly settled: boolean
  /** Digest of every byte of the playlists, and of `complete`: equal lists look equal to callers. */
  readonly digest: string
  /** Digest of which playlists there are and in which order, whatever their details. */
  readonly membership: string
}

/** What one lookup may cost, and who waits for it. */
export interface LookupOptions extends FetchOptions {
  /** Aborted when nothing of it is wanted any more. */
  signal: AbortSignal
}

/** Where a user's playlists come from. */
export interface PlaylistSource {
  /**
   * All playlists of the user with this canonical id. `previous`, the list stored before, tells
   * how many pages to expect, so that a refresh asks for all of them at once.
   *
   * @throws {Problem} when any page cannot be had: a part of the list is never returned.
   */
  playlists(
    userId: string,
    previous: PlaylistList | undefined,
    options: LookupOptions,
  ): Promise<PlaylistList>
}
