import type { StoredResponse } from '../cache/freshness.ts'
import { MAX_PAGES } from '../config/schema.ts'
import { PAGE_SIZE } from './serialised-page.ts'

/** Version 1 was binary and began otherwise. */
export const VERSION = 2
/** A list that changed while it was read may hold the playlists of two reads. */
const MAX_PLAYLISTS = 2 * MAX_PAGES * PAGE_SIZE
/** The last instant that a `Date` can show (ECMA-262 21.4.1.1), in epoch ms. */
const MAX_INSTANT = 8.64e15

const INSTANTS = [
  'generatedAt',
  'freshUntil',
  'staleWhileRevalidateUntil',
  'staleIfErrorUntil',
] as const

/** The first line of a serialised entry. Instants are epoch ms. */
export interface EntryHead extends Omit<StoredResponse<never>, 'body'> {
  version: typeof VERSION
  userId: string
  /** Left out for a user that Spotify does not know. */
  list?: ListFacts
}

export interface ListFacts {
  modifiedAt: number
  spotifyTotal: number
  complete: boolean
  settled: boolean
  /** How many lines follow. */
  playlists: number
}

/** Whether it is the head of an entry of this version, with numbers that can be true. */
export function isHead(value: unknown): value is EntryHead {
  const { version, userId, list, ...instants } = Object(value)
  return (
    version === VERSION &&
    typeof userId === 'string' &&
    INSTANTS.every(name => isCount(instants[name], MAX_INSTANT)) &&
    (list === undefined || isListFacts(list))
  )
}

/** Whether it says to be the head of an entry of an older or newer version of this service. */
export function isOtherHead(value: unknown): boolean {
  const { version, userId } = Object(value)
  return typeof version === 'number' && version !== VERSION && typeof userId === 'string'
}

function isListFacts(value: unknown): value is ListFacts {
  const { modifiedAt, spotifyTotal, complete, settled, playlists } = Object(value)
  return (
    isCount(modifiedAt, MAX_INSTANT) &&
    isCount(spotifyTotal, MAX_PAGES * PAGE_SIZE) &&
    typeof complete === 'boolean' &&
    typeof settled === 'boolean' &&
    // The total also counts the `null` entries, which are not stored.
    isCount(playlists, complete ? spotifyTotal : MAX_PLAYLISTS)
  )
}

function isCount(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most
}
