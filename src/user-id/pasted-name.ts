import { trimInvisible } from './invisible.ts'
import { impossibleBecause } from './lookalikes.ts'
import { refuseId } from './refuse-id.ts'
import { nameInText, refuseAmbiguousEnds, unquoted } from './surroundings.ts'
import { isLink, type Link, linksIn, MAX_LINKS } from './user-links.ts'

const OTHER_LINK = 'This is not the link or URI of a Spotify user.'
const SHORT_LINK =
  'A short link does not name its user. Open it in a browser and copy the address of the page.'

/** An address without a path. */
const ADDRESS = /^(?:https?:|(?:[a-z\d-]+\.)*spotify\.com(?:[:?#\\]|\.?$))/i

/**
 * Finds the name in a pasted text: an id, a URI, a profile link, or a text with one such link. Keeps the
 * case.
 *
 * | part of the text | result |
 * |---|---|
 * | blanks and invisible characters at both ends | removed |
 * | a trailing query with only known tracking parameters | removed |
 * | quotes around an id; text and brackets around a link | removed |
 * | other quotes, brackets and punctuation at an end | refused, unless encoded in a link or URI |
 * | an escape after one decoding, two in links and URIs | refused: encoded twice |
 * | a placeholder, or a printed object | refused |
 *
 * @throws {Problem} `invalid-user-id`
 */
export function pastedName(pasted: string): string {
  const text = trimInvisible(pasted)
  const links = linksIn(text)
  if (links.length === 0) return bareName(text)
  if (links.length > MAX_LINKS) refuseId(`The text has more than ${MAX_LINKS} links.`)
  const names = links.flatMap(link => (link.kind === 'user' ? [linkedName(text, link)] : []))
  const [name] = names
  if (name === undefined) refuseId(links.some(isShort) ? SHORT_LINK : OTHER_LINK)
  if (new Set(names.map(other => other.toLowerCase())).size > 1) {
    refuseId('The text names more than one user.')
  }
  return name
}

const isShort = ({ kind }: Link) => kind === 'short'

function bareName(text: string): string {
  const name = cleaned(unquoted(text))
  if (ADDRESS.test(name)) refuseId(OTHER_LINK)
  refuseImpossible(name)
  refuseEscapes(name)
  refuseAmbiguousEnds(name, false)
  return name
}

/** Extracts the name from a link or URI within the text. */
function linkedName(text: string, { start, end, name: written, nameEnd }: Link): string {
  const raw = cleaned(written)
  // If the link continues after the name, it is clear where the name ends.
  const isLast = nameEnd === end && raw.length === trimInvisible(written).length
  const [before, after] = [text.slice(0, start), text.slice(end)]
  // A placeholder can begin with a delimiter for links or names.
  const [rest = ''] = text.slice(nameEnd).split(/[?#]/)
  refuseImpossible(raw === '' ? rest : raw)
  const name = isLast && before + after !== '' ? nameInText(raw, before, after) : raw
  const decoded = cleaned(decode(name))
  if (isLink(decoded) || ADDRESS.test(decoded)) {
    refuseId('The name in this link or URI is itself a link or URI.')
  }
  refuseImpossible(decoded)
  refuseEscapes(decoded)
  refuseAmbiguousEnds(name, !isLast)
  return decoded
}

function refuseImpossible(name: string): void {
  const reason = impossibleBecause(name)
  if (reason !== undefined) refuseId(reason)
}

/** Refuses a name that can be decoded once more: real names rarely have a percent-escape. */
function refuseEscapes(name: string): void {
  let decoded = name
  try {
    decoded = decodeURIComponent(name)
  } catch {
    // A percent sign without an escape belongs to the name.
  }
  if (decoded !== name) refuseId('The user id is percent-encoded twice or more. Encode it once.')
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch (cause) {
    refuseId('The name in this link or URI has a broken percent-escape.', cause)
  }
}

/** Removes invisible characters and tracking parameters at the ends. */
function cleaned(text: string): string {
  return trimInvisible(withoutTracking(trimInvisible(text)))
}

/** Parameters Spotify, social networks and advertisers add to links to track who shares them. */
const TRACKING = new RegExp(
  [
    '^(?:amp;)?(?:si|dlsi|nd|pt|pi|go|context|product|flow_ctx|dl_branch|app_destination|locale',
    'autoplay|feature|referral|ref|ref_src|fbclid|gclid|dclid|[gw]braid|msclkid|ttclid|twclid|yclid',
    String.raw`igsh|igshid|mc_[ce]id|_g[al]|_branch_\w+|utm_\w+|sp_\w+)=`,
  ].join('|'),
  'i',
)

/**
 * Removes tracking fragments, and trailing queries with only tracking parameters. Other queries stay,
 * because some old names contain question marks and ampersands.
 */
function withoutTracking(text: string): string {
  let rest = text.replace(/#(?::~:text=.*|_=_)$/s, '')
  for (let start = rest.lastIndexOf('?'); start !== -1; start = rest.lastIndexOf('?')) {
    const parameters = rest.slice(start + 1).split('&')
    if (!parameters.every(isTracking)) return rest
    rest = rest.slice(0, start)
  }
  for (let start = rest.lastIndexOf('&'); start !== -1; start = rest.lastIndexOf('&')) {
    if (!isTracking(rest.slice(start + 1))) return rest
    rest = rest.slice(0, start)
  }
  return rest
}

function isTracking(parameter: string): boolean {
  return TRACKING.test(parameter)
}
