import { Problem } from '../problems.ts'

const MAX_BYTES = 256
/** Far more than the longest id takes with each byte escaped, as a link with all that follows it. */
const MAX_PASTED_LENGTH = 2048

/** What most ids are made of: nothing below finds fault with it or changes it. */
const PLAIN = /^[a-z\d_-]{1,64}$/

/** `spotify:user:NAME` and the old `spotify:user:NAME:playlist:ID`. */
const USER_URI = /^spotify:user:([^:?]*)(?:[:?].*)?$/iu

/** A profile link, also to a tab or an old playlist of the profile, in any language. */
const USER_LINK =
  /^(?:(?:https?:)?\/\/)?(?:open|play)\.spotify\.com\/(?:intl-[a-z-]+\/)?user\/([^/?#]*)(?:[/?#].*)?$/iu

const SHORT_LINK = /^(?:https?:\/\/)?(?:spotify\.link|spoti\.fi|spotify\.app\.link)\//iu
const OTHER_URI_OR_LINK =
  /^(?:spotify:|[a-z][a-z0-9+.-]*:\/\/|(?:open|play)\.spotify\.com(?:\/|$))/iu

const WHERE_TO_FIND_IT =
  'Open the profile in Spotify, choose "Copy link to profile" and paste that link percent-encoded, or take the part after /user/ in it.'

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
  if (pasted.length > MAX_PASTED_LENGTH) refuse(`A user id has at most ${MAX_BYTES} bytes.`)
  const id = trimBlanks(nameIn(trimBlanks(pasted))).toLowerCase()
  if (id.trim() === '') refuse('The user id is empty.')
  // Objective-C prints a missing value so; Spotify once answered it with a stranger's playlists.
  if (id === '(null)') refuse('"(null)" is what a program prints when it has no user id.')
  // Dots are not escaped by encodeURIComponent, and a URL parser would fold these two away.
  if (id === '.' || id === '..') refuse('"." and ".." are not user ids.')
  if (id.includes('/')) refuse('A user id holds no "/".')
  if (/\p{Cc}/u.test(id)) refuse('A user id holds no control characters.')
  if (!id.isWellFormed()) refuse('The user id is not valid Unicode.')
  if (Buffer.byteLength(id) > MAX_BYTES) refuse(`A user id has at most ${MAX_BYTES} bytes.`)
  return id
}

/** The canonical id as exactly one path segment of a URL. */
export function userIdSegment(userId: string): string {
  return encodeURIComponent(userId)
}

/** Pasting catches blanks; anything else at the ends is a mistake worth telling. */
function trimBlanks(text: string): string {
  let from = 0
  let to = text.length
  // A regular expression would start anew at each of many blanks within.
  while (text[from] === ' ') from++
  while (to > from && text[to - 1] === ' ') to--
  return text.slice(from, to)
}

function nameIn(pasted: string): string {
  const encoded = USER_URI.exec(pasted)?.[1] ?? USER_LINK.exec(pasted)?.[1]
  if (encoded !== undefined) {
    const name = decode(encoded)
    if (USER_URI.test(name) || OTHER_URI_OR_LINK.test(name)) {
      refuse('The name in this link or URI is itself a link or URI.')
    }
    return name
  }
  if (SHORT_LINK.test(pasted)) {
    refuse(
      'A short link does not say whose it is; open it in a browser and use the link it leads to.',
    )
  }
  if (OTHER_URI_OR_LINK.test(pasted)) {
    refuse('This link or URI is not that of a Spotify user.')
  }
  return pasted
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch (cause) {
    refuse('The name in this link or URI has a broken percent-escape.', cause)
  }
}

function refuse(reason: string, cause?: unknown): never {
  throw new Problem('invalid-user-id', `Parameter "id": ${reason} ${WHERE_TO_FIND_IT}`, { cause })
}
