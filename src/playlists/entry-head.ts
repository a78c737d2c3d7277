import type { StoredResponse } from '../cache/freshness.ts'
import { MAX_PAGES } from '../config/schema.ts'
import { PAGE_SIZE } from './serialised-page.ts'

/** Version 1 was a binary format with another start. */
export const VERSION = 2
/** A list that changed during the read can contain playlists from two reads. */
const MAX_PLAYLISTS = 2 * MAX_PAGES * PAGE_SIZE
/** The latest `Date` (ECMA-262 21.4.1.1), in epoch ms. */
const MAX_INSTANT = 8.64e15

const INSTANTS = [
  'generatedAt',
  'freshUntil',
  'staleWhileRevalidateUntil',
  'staleIfErrorUntil',
] as const

/** The first line in a serialised entry. Instants are epoch ms. */
export interface EntryHead extends Omit<StoredResponse<never>, 'body'> {
  version: typeof VERSION
  userId: string
  /** Undefined for a user unknown to Spotify. */
  list?: ListHead
}

export interface ListHead {
  modifiedAt: number
  spotifyTotal: number
  complete: boolean
  settled: boolean
  /** The number of following lines. */
  playlists: number
}

/** Whether the value is an entry head in this version, with plausible numbers. */
export function isHead(value: unknown): value is EntryHead {
  const { version, userId, list, ...instants } = Object(value)
  return (
    version === VERSION &&
    typeof userId === 'string' &&
    INSTANTS.every(name => isCount(instants[name], MAX_INSTANT)) &&
    (list === undefined || isListHead(list))
  )
}

/** Whether the value claims to be an entry head from an older or newer version. */
export function isOtherHead(value: unknown): boolean {
  const { version, userId } = Object(value)
  return typeof version === 'number' && version !== VERSION && typeof userId === 'string'
}

function isListHead(value: unknown): value is ListHead {
  const { modifiedAt, spotifyTotal, complete, settled, playlists } = Object(value)
  return (
    isCount(modifiedAt, MAX_INSTANT) &&
    isCount(spotifyTotal, MAX_PAGES * PAGE_SIZE) &&
    typeof complete === 'boolean' &&
    typeof settled === 'boolean' &&
    // The total includes `null` entries, but these are not stored.
    isCount(playlists, complete ? spotifyTotal : MAX_PLAYLISTS)
  )
}

function isCount(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most
}
