import type { Clock } from '../lib/clock.ts'
import type { LookupOptions, PlaylistList, PlaylistSource } from '../playlists/playlist-list.ts'
import type { Page } from '../playlists/serialised-page.ts'
import { type FetchPagesOptions, fetchPages } from '../spotify/fetch-pages.ts'
import { LinkDenial } from '../spotify/gate/linked-denials.ts'
import { readStable } from '../spotify/playlist-source.ts'
import type { SpotifyClient } from '../spotify/web-api.ts'
import { isSameUser } from '../user-id/same-user.ts'
import type { Link } from './link.ts'
import { partsOf } from './link-key.ts'
import { linkChanged, stateProblem } from './link-problems.ts'
import { isUsable, type LinkEvent } from './link-state.ts'
import type { Links } from './links.ts'

/** The path to the token owner's list: playlists the user owns or follows. */
const OWN_PLAYLISTS = '/me/playlists'

export interface LinkedSourceOptions extends Omit<FetchPagesOptions, 'client'> {
  links: Links
  /** A client sending this link's token. */
  clientOf: (link: Link) => SpotifyClient
  /** The source for users without a link. */
  unlinked: PlaylistSource
  clock: Clock
}

export interface LinkedSource extends PlaylistSource {
  /** The number of entries left out since startup because `public` is not true, by value. */
  readonly leftOut: Record<'false' | 'null' | 'other', number>
}

/**
 * Reads linked users with their own tokens, and other users from another source. The source takes cache keys in
 * place of user ids, so a lookup stays with the link it began with. Private playlists need a scope no link has;
 * in case Spotify sends a private playlist, only entries with `public: true` pass.
 * https://developer.spotify.com/documentation/web-api/reference/get-a-list-of-current-users-playlists
 */
export function createLinkedSource(options: LinkedSourceOptions): LinkedSource {
  const { links, unlinked, clock } = options
  const leftOut = { false: 0, null: 0, other: 0 }

  async function readLinked(
    link: Link,
    previous: PlaylistList | undefined,
    lookup: LookupOptions,
  ): Promise<PlaylistList> {
    if (!isUsable(link.state, clock.monotonic())) throw stateProblem(link.state, clock)
    const client = publicClient(link, leftOut, options)
    const read = (expectedTotal: number | undefined) =>
      fetchPages(OWN_PLAYLISTS, expectedTotal, lookup, { ...options, client })
    const list = await readStable(read, previous)
    // If the link has ended or was removed meanwhile, the list must not be stored.
    if (!links.has(link) || !isUsable(link.state, clock.monotonic())) {
      throw stateProblem(link.state, clock)
    }
    return list
  }

  return {
    leftOut,
    async playlists(key, previous, lookup) {
      const { linkId, userId } = partsOf(key)
      if (linkId === undefined) return unlinked.playlists(userId, previous, lookup)
      const link = links.find(userId)
      if (link?.linkId !== linkId) throw linkChanged()
      return readLinked(link, previous, lookup)
    },
  }
}

/**
 * A client for the linked user; pages have null in place of non-public entries. Counts these entries in
 * `leftOut`.
 */
function publicClient(
  link: Link,
  leftOut: LinkedSource['leftOut'],
  { links, clientOf, clock }: LinkedSourceOptions,
): SpotifyClient {
  const client = clientOf(link)

  async function fail(event: LinkEvent): Promise<never> {
    await links.report(link, event)
    throw stateProblem(link.state, clock)
  }

  return {
    async page(path, offset, pageOptions): Promise<Page> {
      const page = await client.page(path, offset, pageOptions).catch((error: unknown) => {
        if (error instanceof LinkDenial) return fail({ kind: 'denied', reason: error.reason })
        throw error
      })
      if (namesAnother(page.href, link.userId)) return fail({ kind: 'other-user' })
      await links.report(link, { kind: 'read' })
      const entries = page.entries.map(entry => {
        if (entry === null || entry.public === true) return entry
        leftOut[labelOf(entry.public)]++
        return null
      })
      return { total: page.total, entries }
    },
  }
}

function labelOf(isPublic: unknown): keyof LinkedSource['leftOut'] {
  if (isPublic === false) return 'false'
  return isPublic === null ? 'null' : 'other'
}

/** Whether a page URL points to another user's list. Other URLs are inconclusive. */
function namesAnother(href: string | undefined, userId: string): boolean {
  const [, segment] = /^[^?#]*\/users\/([^/?#]+)\/playlists(?:[?#]|$)/.exec(href ?? '') ?? []
  const name = segment && decoded(segment)
  return name !== undefined && !isSameUser(name, userId)
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
