/** A link or URI in a text. */
export interface Link {
  /** Where it begins and ends in the text, in UTF-16 code units. */
  readonly start: number
  readonly end: number
  /** A user's, a short link that hides where it leads, or that of anything else. */
  readonly kind: 'user' | 'short' | 'other'
  /** Of a user: the name, as it is written there; else empty. */
  readonly name: string
  /** Where that name ends in the text; else where the link does. */
  readonly nameEnd: number
}

/**
 * What a link is made of in a text: neither blanks, nor what RFC 3986 keeps out of links to delimit
 * them, nor brackets, quotes and the ends of sentences beyond ASCII. The curly apostrophe occurs in
 * words.
 */
const CHARACTER =
  '[^\\p{White_Space}\\p{Cc}"<>\\[\\]\\|`…[[\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Terminal_Punctuation}]--[\\x00-\\x7f’]]]'

const WEB_HOST = String.raw`(?:www\.)?(?:(?:open|play|embed|m)\.)?spotify\.com\.?(?::\d*)?`
const API_HOST = String.raw`api\.spotify\.com\.?(?::\d*)?`
const SCHEME = '(?:(?:https?:)?/+)?'
/** What Spotify puts before the path: `intl-pt-BR` for a language, `embed` for a player. */
const VARIANT = '(?:(?:intl-[a-z\\-]+|embed)/+)*'

/** The last part of a profile's link, for a start that lacks its host: `user/NAME`. */
const BARE_PATH = `/*(?:${VARIANT}user|(?:v1/+)?users)/`

/**
 * Every link and URI, and a text that is only the path of one. A link holds whatever else looks like
 * one within it, so that a link of another site never passes for one of Spotify. No attempt to match
 * begins within a word, which keeps the search linear.
 */
const LINKS = new RegExp(
  [
    `(?<![a-z\\d+.\\-])[a-z][a-z\\d+.\\-]{0,20}:/+${CHARACTER}*`,
    `(?<![a-z\\d.@%\\/\\-]|[a-z\\d]_)/*[a-z\\d\\-]+(?:\\.[a-z\\d\\-]+)+\\.?(?::\\d*)?/${CHARACTER}*`,
    `(?<![a-z\\d.+\\-]|[a-z\\d]_)spotify:${CHARACTER}*`,
    `^${BARE_PATH}${CHARACTER}*`,
  ].join('|'),
  'giv',
)

/** The name is the only group that matches, and the last part of the match. */
const USER = new RegExp(
  [
    `^(?:${SCHEME}(?:${WEB_HOST}/+${VARIANT}user|${API_HOST}/+v1/+users)|spotify:/+user)/([^\\/?#]*)`,
    `^${BARE_PATH}([^\\/?#]*)`,
    // Also the old `spotify:user:NAME:playlist:ID`.
    '^spotify:user:([^:]*)',
  ].join('|'),
  'iv',
)

const SHORT = new RegExp(
  String.raw`^${SCHEME}(?:[a-z\d\-]+\.)*(?:spotify\.link|spoti\.fi|tospotify\.com|app\.link)\.?(?::\d*)?(?:[\/?#]|$)`,
  'iv',
)

/** A text with more of them is not about one user. It bounds the time that a text can take. */
export const MAX_LINKS = 10

/**
 * The links and URIs in a text, in their order, up to one more than `MAX_LINKS`. The time grows with
 * the length of the text, not faster.
 */
export function linksIn(text: string): Link[] {
  const links: Link[] = []
  // Most texts are plain ids.
  if (!/[:/]/.test(text)) return links
  // `matchAll` would copy the expression each time, which takes longer than most matches.
  LINKS.lastIndex = 0
  for (let found = LINKS.exec(text); found !== null; found = LINKS.exec(text)) {
    links.push(linkAt(found.index, found[0]))
    if (links.length > MAX_LINKS) break
  }
  return links
}

function linkAt(start: number, link: string): Link {
  const end = start + link.length
  const user = USER.exec(link)
  if (user === null) {
    return { start, end, kind: SHORT.test(link) ? 'short' : 'other', name: '', nameEnd: end }
  }
  const [upToName, ...names] = user
  const name = names.find(found => found !== undefined) as string
  return { start, end, kind: 'user', name, nameEnd: start + upToName.length }
}

/** Whether a text begins with a link or URI. */
export function isLink(text: string): boolean {
  return linksIn(text)[0]?.start === 0
}
