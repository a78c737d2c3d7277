import type { Lifetime } from '../cache/freshness.ts'
import type { Sized } from '../cache/memory-store.ts'
import type { ResponseCacheOptions } from '../cache/response-cache.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../problems/problem.ts'
import type { PlaylistList, PlaylistSource } from './playlist-list.ts'

/** An incomplete list is worth another look soon, unless that look was already taken. */
const INCOMPLETE_FRESH_SECONDS = 60

/** The list beside its playlists, and its date as a field, as measured on 64-bit Node. */
const OVERHEAD_BYTES = 200

/** A problem with its stack, as measured on 64-bit Node. */
const UNKNOWN_USER_BYTES = 1400

/** What is stored for a user that Spotify knows. */
export class StoredPlaylists implements Sized {
  readonly list: PlaylistList
  /** When the content last changed, as far as is known, epoch ms. */
  readonly modifiedAt: number
  /** The same as a `Last-Modified` field, flat: name, value. */
  readonly dateFields: readonly string[]

  /**
   * `modifiedAt` is when the content last changed, epoch ms. When the list is equal to the one
   * stored before, the bytes of that one go on being used.
   */
  constructor(list: PlaylistList, modifiedAt: number, previous: StoredPlaylists | undefined) {
    const same = sameContent(list, previous)
    // Responses that are not out yet refer to these bytes, which are then not held twice.
    this.list = same === undefined ? list : { ...list, playlists: same.list.playlists }
    this.modifiedAt = modifiedAt
    this.dateFields = ['last-modified', new Date(modifiedAt).toUTCString()]
  }

  get heldBytes(): number {
    return OVERHEAD_BYTES + this.list.playlists.heldBytes
  }
}

/** What is stored for a user that Spotify does not know. */
export class UnknownUser implements Sized {
  readonly heldBytes = UNKNOWN_USER_BYTES
  readonly problem: Problem

  constructor(problem: Problem) {
    this.problem = problem
  }
}

/** The problem of a user that Spotify does not know. */
export function userNotFound(): Problem {
  return new Problem('user-not-found', 'Spotify has no user with this id.', { originStatus: 404 })
}

export type StoredBody = StoredPlaylists | UnknownUser

/** Whether it is what callers ask for: that a user is unknown is no answer to live on. */
export function isList(body: StoredBody): boolean {
  return body instanceof StoredPlaylists
}

/**
 * What is to be kept of a body that another process has stored, given what is stored here. The later
 * of the instants at which the content changed stands, lest a caller be told an earlier one than
 * before.
 */
export function mergeFromReplica(theirs: StoredBody, ours: StoredBody | undefined): StoredBody {
  if (!(theirs instanceof StoredPlaylists && ours instanceof StoredPlaylists)) return theirs
  const same = sameContent(theirs.list, ours)
  if (same === undefined) return theirs
  return new StoredPlaylists(theirs.list, Math.max(theirs.modifiedAt, same.modifiedAt), same)
}

function sameContent(
  list: PlaylistList,
  stored: StoredPlaylists | undefined,
): StoredPlaylists | undefined {
  return stored?.list.digest === list.digest ? stored : undefined
}

/** The lifetimes that this process is configured with. */
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
  /** Aborted when nothing is wanted any more. */
  signal: AbortSignal
}

/** The function that the response cache asks: the source's list with the lifetime it deserves. */
export function listFetcher(
  options: ListFetcherOptions,
): ResponseCacheOptions<StoredBody>['produce'] {
  const { source, lifetimes, clock, signal } = options
  return async (userId, stored, terms) => {
    const previous = stored instanceof StoredPlaylists ? stored : undefined
    try {
      const list = await source.playlists(userId, previous?.list, { ...terms, signal })
      const body = new StoredPlaylists(
        list,
        sameContent(list, previous)?.modifiedAt ?? clock.now(),
        previous,
      )
      return { body, status: 200, lifetime: lifetimeFor(body, lifetimes) }
    } catch (error) {
      if (!(error instanceof Problem) || error.type !== 'user-not-found') throw error
      const body = new UnknownUser(error)
      return { body, status: 404, lifetime: lifetimeFor(body, lifetimes) }
    }
  }
}

/** How long such a body may be used from when it was read on. */
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
