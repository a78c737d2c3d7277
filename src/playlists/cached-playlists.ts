import type { Lifetime } from '../cache/freshness.ts'
import type { Sized } from '../cache/memory-store.ts'
import type { ResponseCacheOptions } from '../cache/response-cache.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../problems/problem.ts'
import type { PlaylistList, PlaylistSource } from './playlist-list.ts'

/** An incomplete list is worth rereading soon, unless a second read has confirmed it. */
const INCOMPLETE_FRESH_SECONDS = 60

/** Memory for a list without playlists, plus the date field, as measured on 64-bit Node. */
const OVERHEAD_BYTES = 200

/** Memory for a problem with its stack, as measured on 64-bit Node. */
const UNKNOWN_USER_BYTES = 1400

/** The cached body for a user known to Spotify. */
export class StoredPlaylists implements Sized {
  readonly list: PlaylistList
  /** When the service first saw this content, epoch ms. */
  readonly modifiedAt: number
  /** The `Last-Modified` field, flat: name, value. */
  readonly dateFields: readonly string[]

  constructor(list: PlaylistList, modifiedAt: number) {
    this.list = list
    this.modifiedAt = modifiedAt
    this.dateFields = ['last-modified', new Date(modifiedAt).toUTCString()]
  }

  /**
   * The body for a later list with the same digest. It reuses this list's bytes, referenced by in-flight
   * responses, so they are not in memory twice.
   */
  reusedFor(list: PlaylistList, modifiedAt: number): StoredPlaylists {
    return new StoredPlaylists({ ...list, playlists: this.list.playlists }, modifiedAt)
  }

  get heldBytes(): number {
    return OVERHEAD_BYTES + this.list.playlists.heldBytes
  }
}

/** The cached body for a user unknown to Spotify. */
export class UnknownUser implements Sized {
  readonly heldBytes = UNKNOWN_USER_BYTES
  readonly problem: Problem

  constructor(problem: Problem) {
    this.problem = problem
  }
}

/** The problem for a user unknown to Spotify. */
export function userNotFound(): Problem {
  return new Problem('user-not-found', 'Spotify has no user with this id.', { originStatus: 404 })
}

export type StoredBody = StoredPlaylists | UnknownUser

/** Whether a cached body is a list, not a 404. */
export function isList(body: StoredBody): boolean {
  return body instanceof StoredPlaylists
}

/**
 * The body to cache if a replica has stored `theirs` and this process has `ours`. If the lists are equal, the
 * body has the later date, so callers never see `Last-Modified` go back.
 */
export function mergeFromReplica(theirs: StoredBody, ours: StoredBody | undefined): StoredBody {
  if (!(theirs instanceof StoredPlaylists && ours instanceof StoredPlaylists)) return theirs
  if (theirs.list.digest !== ours.list.digest) return theirs
  return ours.reusedFor(theirs.list, Math.max(theirs.modifiedAt, ours.modifiedAt))
}

/** The configured lifetimes. */
export type Lifetimes = Pick<
  Config,
  | 'CACHE_FRESH_SECONDS'
  | 'CACHE_STALE_WHILE_REVALIDATE_SECONDS'
  | 'CACHE_STALE_IF_ERROR_SECONDS'
  | 'CACHE_NEGATIVE_SECONDS'
>

export interface ListFetcherOptions {
  source: PlaylistSource
  lifetimes: Lifetimes
  clock: Clock
  /** Aborted when the service stops. */
  signal: AbortSignal
}

/** The response cache's fetch function: reads the list from the source and sets the lifetime. */
export function listFetcher(
  options: ListFetcherOptions,
): ResponseCacheOptions<StoredBody>['fetch'] {
  const { source, lifetimes, clock, signal } = options
  return async (userId, stored, fetchOptions) => {
    const previous = stored instanceof StoredPlaylists ? stored : undefined
    try {
      const list = await source.playlists(userId, previous?.list, { ...fetchOptions, signal })
      const body =
        previous?.list.digest === list.digest
          ? previous.reusedFor(list, previous.modifiedAt)
          : new StoredPlaylists(list, clock.now())
      return { body, status: 200, lifetime: lifetimeFor(body, lifetimes) }
    } catch (error) {
      if (!(error instanceof Problem) || error.type !== 'user-not-found') throw error
      const body = new UnknownUser(error)
      return { body, status: 404, lifetime: lifetimeFor(body, lifetimes) }
    }
  }
}

/** The configured lifetime for a body; an unknown user is never served stale. */
export function lifetimeFor(body: StoredBody, lifetimes: Lifetimes): Lifetime {
  if (!(body instanceof StoredPlaylists)) {
    const freshSeconds = lifetimes.CACHE_NEGATIVE_SECONDS
    return { freshSeconds, staleWhileRevalidateSeconds: 0, staleIfErrorSeconds: 0 }
  }
  const { complete, settled } = body.list
  const freshSeconds = lifetimes.CACHE_FRESH_SECONDS
  return {
    freshSeconds:
      complete || settled ? freshSeconds : Math.min(freshSeconds, INCOMPLETE_FRESH_SECONDS),
    staleWhileRevalidateSeconds: lifetimes.CACHE_STALE_WHILE_REVALIDATE_SECONDS,
    staleIfErrorSeconds: lifetimes.CACHE_STALE_IF_ERROR_SECONDS,
  }
}
