import { percentEncoded } from '../lib/percent-encoding.ts'
import { characterName, strayInvisible } from './invisible.ts'
import { pastedName } from './pasted-name.ts'
import { refuseId } from './refuse-id.ts'

const MAX_BYTES = 256
/** Far more than the longest id takes with each byte escaped, as a link with all that follows it. */
const MAX_PASTED_LENGTH = 2048

/** What most ids look like; the rules below would leave them as they are. */
const PLAIN = /^[a-z\d_-]{1,64}$/

/** What most people paste. The rules below would come to the same id, more slowly. */
const USUAL =
  /^(?:spotify:user:|https:\/\/open\.spotify\.com\/user\/)?([a-z\d_-]{1,64})(?:\?si=[\w-]+)?$/i

/**
 * Reduces what people paste to the canonical user id: decoded and lower case, the form in which
 * Spotify stores it. Upper case finds playlists missing, so `Bob` and `bob` must be one cache key.
 *
 * `pasted` is the path segment after one percent-decoding. In URIs and links the name is
 * percent-encoded once more.
 *
 * @throws {Problem} `invalid-user-id`, with a hint, when it cannot be the id of a user.
 */
export function parseUserId(pasted: string): string {
  if (PLAIN.test(pasted)) return pasted
  const usual = USUAL.exec(pasted)?.[1]
  if (usual !== undefined) return usual.toLowerCase()
  if (pasted.length > MAX_PASTED_LENGTH) refuseId(`A user id has at most ${MAX_BYTES} bytes.`)
  const id = pastedName(pasted).toLowerCase()
  if (id === '') refuseId('The user id is empty.')
  // Dots are not escaped by encodeURIComponent, and a URL parser would fold these two away.
  if (id === '.' || id === '..') refuseId('"." and ".." are not user ids.')
  if (id.includes('/')) refuseId('A user id holds no "/".')
  if (/\p{Cc}/u.test(id)) refuseId('A user id holds no control characters.')
  if (!id.isWellFormed()) refuseId('The user id is not valid Unicode.')
  const stray = strayInvisible(id)
  if (stray !== undefined) {
    refuseId(`The user id holds the invisible character ${characterName(stray)}.`)
  }
  if (Buffer.byteLength(id) > MAX_BYTES) refuseId(`A user id has at most ${MAX_BYTES} bytes.`)
  return id
}

/** The canonical id as exactly one path segment of a URL. */
export function userIdSegment(userId: string): string {
  return encodeURIComponent(userId)
}

/**
 * The canonical id as one path segment of this service, which reads it as the same id. It is written
 * as a URI where the plain id would be refused or changed, as one in quotes would be.
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
