/** A link or URI in a text. */
export interface Link {
  /** The link's position in the text, in UTF-16 code units. */
  readonly start: number
  readonly end: number
  /** A link to a user, a short link with an unknown target, or any other link. */
  readonly kind: 'user' | 'short' | 'other'
  /** The undecoded name in a link to a user; empty for other links. */
  readonly name: string
  /** Where the name ends in the text; `end` if the link is not to a user. */
  readonly nameEnd: number
}

/**
 * A character of a link in a text: no blank, no delimiter excluded from URIs by RFC 3986, and beyond ASCII
 * no bracket, quote or end of a sentence. The curly apostrophe occurs in words.
 */
const CHARACTER =
  '[^\\p{White_Space}\\p{Cc}"<>\\[\\]\\|`…[[\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Terminal_Punctuation}]--[\\x00-\\x7f’]]]'

const WEB_HOST = String.raw`(?:www\.)?(?:(?:open|play|embed|m)\.)?spotify\.com\.?(?::\d*)?`
const API_HOST = String.raw`api\.spotify\.com\.?(?::\d*)?`
const SCHEME = '(?:(?:https?:)?/+)?'
/** Path prefixes: `intl-pt-BR` for a language, `embed` for a player. */
const VARIANT = '(?:(?:intl-[a-z\\-]+|embed)/+)*'

/** A profile link path without the host: `user/NAME`. */
const BARE_PATH = `/*(?:${VARIANT}user|(?:v1/+)?users)/`

/**
 * Every link and URI, and a bare profile link path at the start of the text. A match includes any link
 * within it, so a link to another site never passes for a link to Spotify. No match begins within a word,
 * to keep the search linear.
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

/** The name is the only matching group, and the last part of the match. */
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

/** `pastedName` refuses a text with more links, to bound the running time. */
export const MAX_LINKS = 10

/** Returns the links and URIs in a text, in order, at most `MAX_LINKS` + 1, in linear time. */
export function linksIn(text: string): Link[] {
  const links: Link[] = []
  // Most texts are plain ids.
  if (!/[:/]/.test(text)) return links
  // `matchAll` copies the expression, which takes longer than most matches.
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
