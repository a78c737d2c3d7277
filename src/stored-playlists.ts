import type { Sized } from './cache/memory-store.ts'
import type { ResponseCacheOptions } from './cache/response-cache.ts'
import type { Config } from './config.ts'
import type { PlaylistList } from './playlist-list.ts'
import { Problem } from './problems.ts'
import type { Records } from './records.ts'
import type { PlaylistSource } from './spotify/playlists.ts'

/** An incomplete list is worth another look soon, unless that look was already taken. */
const INCOMPLETE_FRESH_SECONDS = 60

/** What is stored for a user that Spotify knows: the list, and the other formats made from it. */
export class StoredPlaylists implements Sized {
  readonly list: PlaylistList
  readonly #formats = new Map<string, Promise<Records>>()
  #formatBytes = 0

  constructor(list: PlaylistList) {
    this.list = list
  }

  get heldBytes(): number {
    return this.list.playlists.heldBytes + this.#formatBytes
  }

  /**
   * The list in another format, made by `make` on first use and kept. `mayGrow` is asked when it
   * has been added to what is held; when it says no, the format is not kept.
   */
  format(
    name: string,
    make: (list: PlaylistList) => Promise<Records>,
    mayGrow: () => boolean,
  ): Promise<Records> {
    let records = this.#formats.get(name)
    if (records === undefined) {
      records = make(this.list).then(made => {
        this.#formatBytes += made.heldBytes
        if (!mayGrow()) {
          this.#formatBytes -= made.heldBytes
          this.#formats.delete(name)
        }
        return made
      })
      this.#formats.set(name, records)
    }
    return records
  }
}

/** What is stored for a user that Spotify does not know. */
export class UnknownUser implements Sized {
  readonly heldBytes = 0
  readonly problem: Problem

  constructor(problem: Problem) {
    this.problem = problem
  }
}

export type StoredBody = StoredPlaylists | UnknownUser

type Lifetimes = Pick<
  Config,
  | 'CACHE_FRESH_SECONDS'
  | 'CACHE_STALE_WHILE_REVALIDATE_SECONDS'
  | 'CACHE_STALE_IF_ERROR_SECONDS'
  | 'CACHE_NEGATIVE_SECONDS'
>

/** The function that the response cache asks: the source's list with the lifetime it deserves. */
export function producer(
  source: PlaylistSource,
  config: Lifetimes,
  signal: AbortSignal,
): ResponseCacheOptions<StoredBody>['produce'] {
  return async (userId, previous, deadlineMs) => {
    const previousList = previous instanceof StoredPlaylists ? previous.list : undefined
    try {
      const list = await source.playlists(userId, previousList, { signal, deadlineMs })
      return { body: new StoredPlaylists(list), status: 200, lifetime: lifetimeOf(list, config) }
    } catch (error) {
      if (!(error instanceof Problem) || error.type !== 'user-not-found') throw error
      return { body: new UnknownUser(error), status: 404, lifetime: negativeLifetime(config) }
    }
  }
}

function lifetimeOf({ complete, settled }: PlaylistList, config: Lifetimes) {
  const freshSeconds = config.CACHE_FRESH_SECONDS
  return {
    freshSeconds:
      complete || settled ? freshSeconds : Math.min(freshSeconds, INCOMPLETE_FRESH_SECONDS),
    staleWhileRevalidateSeconds: config.CACHE_STALE_WHILE_REVALIDATE_SECONDS,
    staleIfErrorSeconds: config.CACHE_STALE_IF_ERROR_SECONDS,
  }
}

function negativeLifetime(config: Lifetimes) {
  return {
    freshSeconds: config.CACHE_NEGATIVE_SECONDS,
    staleWhileRevalidateSeconds: 0,
    staleIfErrorSeconds: 0,
  }
}
