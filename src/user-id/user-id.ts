import { percentEncoded } from '../lib/percent-encoding.ts'
import { characterName, strayInvisible } from './invisible.ts'
import { pastedName } from './pasted-name.ts'
import { refuseId } from './refuse-id.ts'

const MAX_BYTES = 256
/** Far longer than a link to the longest id with each byte escaped. */
export const MAX_PASTED_LENGTH = 2048

/** Matches most ids; `parseUserId` would not change these. */
const PLAIN = /^[a-z\d_-]{1,64}$/

/** Matches most pasted texts. `pastedName` finds the same id in them, more slowly. */
const USUAL =
  /^(?:spotify:user:|https:\/\/open\.spotify\.com\/user\/)?([a-z\d_-]{1,64})(?:\?si=[\w-]+)?$/i

/**
 * Extracts the canonical user id from a pasted text: decoded and lower case, as stored by Spotify. For an
 * id with upper case, Spotify omits playlists, so `Bob` and `bob` must share one cache key.
 *
 * `pasted` is the path segment, percent-decoded once. In URIs and links the name is percent-encoded once
 * more.
 *
 * @throws {Problem} `invalid-user-id`, with a hint, if the text cannot be a user id.
 */
export function parseUserId(pasted: string): string {
  if (PLAIN.test(pasted)) return pasted
  const usual = USUAL.exec(pasted)?.[1]
  if (usual !== undefined) return usual.toLowerCase()
  if (pasted.length > MAX_PASTED_LENGTH) refuseId(`A user id has at most ${MAX_BYTES} bytes.`)
  const id = pastedName(pasted).toLowerCase()
  if (id === '') refuseId('The user id is empty.')
  // encodeURIComponent does not encode dots, and URL parsers remove these two segments.
  if (id === '.' || id === '..') refuseId('"." and ".." are not user ids.')
  if (id.includes('/')) refuseId('A user id cannot contain "/".')
  if (/\p{Cc}/u.test(id)) refuseId('A user id cannot contain control characters.')
  if (!id.isWellFormed()) refuseId('The user id is not valid Unicode.')
  const stray = strayInvisible(id)
  if (stray !== undefined) {
    refuseId(`The user id contains the invisible character ${characterName(stray)}.`)
  }
  if (Buffer.byteLength(id) > MAX_BYTES) refuseId(`A user id has at most ${MAX_BYTES} bytes.`)
  return id
}

/** Encodes a canonical id as a URL path segment. */
export function userIdSegment(userId: string): string {
  return encodeURIComponent(userId)
}

/**
 * Encodes a canonical id as a path segment that this service parses back to the same id. The segment is a
 * URI if the service would refuse or change the plain id, such as an id in quotes.
 */
export function ownSegment(userId: string): string {
  return encodeURIComponent(isItself(userId) ? userId : `spotify:user:${percentEncoded(userId)}`)
}

function isItself(userId: string): boolean {
  try {
    return parseUserId(userId) === userId
  } catch {
    return false
  }
}
