import { LRUCache } from 'lru-cache'
import Negotiator from 'negotiator'
import { Problem } from '../../problems/problem.ts'
import { checkFieldSize } from '../field-size.ts'
import { CODINGS, type Coding } from './compression.ts'
import { contentType, FORMATS, type Format, MEDIA_TYPES } from './formats.ts'

/** Callers send few different fields, over and over; anything else is just worked out again. */
const REMEMBERED_FIELDS = 100

const formats = new LRUCache<string, { best: Format | undefined }>({ max: REMEMBERED_FIELDS })
const codings = new LRUCache<string, readonly Coding[]>({ max: REMEMBERED_FIELDS })

/** Without the field any coding is acceptable; the plain one suits every caller. */
const IDENTITY: readonly Coding[] = ['identity']

/** Each type without and with the parameter that it is sent with, since callers ask for both. */
const OFFERS = FORMATS.flatMap(format => [MEDIA_TYPES[format], contentType(format)])

/**
 * The format to answer in: the one named in the query, else the best one of the `Accept` field
 * (RFC 9110 12.5.1), else JSON.
 *
 * @throws {Problem} `not-acceptable` when the field excludes them all, `headers-too-large`.
 */
export function negotiateFormat(named: Format | undefined, accept: string | undefined): Format {
  if (named !== undefined) return named
  if (!accept || accept === '*/*') return 'json'
  let remembered = formats.get(accept)
  if (remembered === undefined) {
    checkFieldSize('Accept', accept)
    remembered = { best: bestFormat(accept) }
    formats.set(accept, remembered)
  }
  if (remembered.best === undefined) {
    const offered = [...new Set(Object.values(MEDIA_TYPES))].join(', ')
    throw new Problem('not-acceptable', `Header "Accept": this resource comes as ${offered}.`)
  }
  return remembered.best
}

function bestFormat(accept: string): Format | undefined {
  const headers = { accept: accept.toLowerCase() }
  const best = new Negotiator({ headers }).mediaType(OFFERS)
  return FORMATS.find(name => best === MEDIA_TYPES[name] || best === contentType(name))
}

/**
 * Whether a page is to be HTML: a browser names it, everything else gets text to read.
 *
 * @throws {Problem} `headers-too-large`
 */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined) return false
  checkFieldSize('Accept', accept)
  const negotiator = new Negotiator({ headers: { accept: accept.toLowerCase() } })
  return negotiator.mediaType(['text/markdown', 'text/html']) === 'text/html'
}

/**
 * The content codings that the `Accept-Encoding` field welcomes (RFC 9110 12.5.3), the best first;
 * `identity` among them unless it is excluded.
 *
 * @throws {Problem} `not-acceptable` when the field excludes them all, `headers-too-large`.
 */
export function negotiateCodings(acceptEncoding: string | undefined): readonly Coding[] {
  if (acceptEncoding === undefined) return IDENTITY
  let welcome = codings.get(acceptEncoding)
  if (welcome === undefined) {
    checkFieldSize('Accept-Encoding', acceptEncoding)
    const headers = { 'accept-encoding': acceptEncoding }
    const negotiator: NegotiatorWithPreference = new Negotiator({ headers })
    welcome = negotiator.encodings([...CODINGS], { preferred: [...CODINGS] }) as Coding[]
    codings.set(acceptEncoding, welcome)
  }
  if (welcome.length === 0) {
    const offered = CODINGS.join(', ')
    const detail = `Header "Accept-Encoding": this resource comes with ${offered}.`
    throw new Problem('not-acceptable', detail)
  }
  return welcome
}

/** Version 1 of the package takes an order for what callers like alike; its types do not say so. */
interface NegotiatorWithPreference {
  encodings(available: string[], options: { preferred: string[] }): string[]
}
