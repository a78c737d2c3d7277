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
