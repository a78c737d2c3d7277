import { trimInvisible } from './invisible.ts'
import { impossibleBecause } from './lookalikes.ts'
import { refuseId } from './refuse-id.ts'
import { nameInText, refuseDoubtfulEnds, unquoted } from './surroundings.ts'
import { isLink, type Link, linksIn, MAX_LINKS } from './user-links.ts'

const OTHER_LINK = 'This link or URI is not that of a Spotify user.'
const SHORT_LINK =
  'A short link does not say whose it is; open it in a browser and use the link it leads to.'

/** Texts without a path that are addresses all the same. */
const ADDRESS = /^(?:https?:|(?:[a-z\d-]+\.)*spotify\.com(?:[:?#\\]|\.?$))/i

/**
 * The name in what was pasted: an id as it is, or what a URI, a profile link or a text with one such
 * link names. Case is kept.
 *
 * | what is there | what happens |
 * |---|---|
 * | blanks and invisible characters at an end | left out |
 * | a query of known tracking parameters at the end | left out |
 * | quotes around an id; whatever encloses a link | left out |
 * | other quotes, brackets and punctuation at an end | refused, unless encoded in a link or URI |
 * | an escape after one decoding, in links and URIs two | refused: encoded twice |
 * | a placeholder, or an object as a program prints it | refused |
 *
 * @throws {Problem} `invalid-user-id`
 */
export function pastedName(pasted: string): string {
  const text = trimInvisible(pasted)
  const links = linksIn(text)
  if (links.length === 0) return bareName(text)
  if (links.length > MAX_LINKS) refuseId(`The text holds more than ${MAX_LINKS} links.`)
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
  refuseDoubtfulEnds(name, false)
  return name
}

/** The name in a link or URI, which may be all of the text or a part of it. */
function linkedName(text: string, { start, end, name: written, nameEnd }: Link): string {
  const raw = cleaned(written)
  // Where the link goes on behind the name, the end of the name is clear.
  const isLast = nameEnd === end && raw.length === trimInvisible(written).length
  const [before, behind] = [text.slice(0, start), text.slice(end)]
  // A placeholder may begin with what delimits links and names.
  const [rest = ''] = text.slice(nameEnd).split(/[?#]/)
  refuseImpossible(raw === '' ? rest : raw)
  const name = isLast && before + behind !== '' ? nameInText(raw, before, behind) : raw
  const decoded = cleaned(decode(name))
  if (isLink(decoded) || ADDRESS.test(decoded)) {
    refuseId('The name in this link or URI is itself a link or URI.')
  }
  refuseImpossible(decoded)
  refuseEscapes(decoded)
  refuseDoubtfulEnds(name, !isLast)
  return decoded
}

function refuseImpossible(name: string): void {
  const reason = impossibleBecause(name)
  if (reason !== undefined) refuseId(reason)
}

/** Refuses a name that can be decoded once more: a real one seldom holds a percent-escape. */
function refuseEscapes(name: string): void {
  let decoded = name
  try {
    decoded = decodeURIComponent(name)
  } catch {
    // Not all of its percent signs begin an escape, so that they belong to the name.
  }
  if (decoded !== name) refuseId('It is percent-encoded twice, or more often: encode it once.')
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch (cause) {
    refuseId('The name in this link or URI has a broken percent-escape.', cause)
  }
}

/** The text without invisible characters and tracking parameters at its ends. */
function cleaned(text: string): string {
  return trimInvisible(withoutTracking(trimInvisible(text)))
}

/** What Spotify, networks and advertisers add to links to learn who passed them on. */
const TRACKING = new RegExp(
  [
    '^(?:amp;)?(?:si|dlsi|nd|pt|pi|go|context|product|flow_ctx|dl_branch|app_destination|locale',
    'autoplay|feature|referral|ref|ref_src|fbclid|gclid|dclid|[gw]braid|msclkid|ttclid|twclid|yclid',
    String.raw`igsh|igshid|mc_[ce]id|_g[al]|_branch_\w+|utm_\w+|sp_\w+)=`,
  ].join('|'),
  'i',
)

/**
 * The text without the queries at its end that hold nothing but tracking parameters, and without
 * fragments of such a kind. Other queries stay, since old names hold question marks and ampersands.
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
