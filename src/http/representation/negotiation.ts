import { LRUCache } from 'lru-cache'
import Negotiator from 'negotiator'
import { Problem } from '../../problems/problem.ts'
import { bestMediaType } from '../accept.ts'
import { checkFieldSize } from '../validation.ts'
import { CODINGS, type Coding } from './compression.ts'
import { contentType, FORMATS, type Format, MEDIA_TYPES } from './formats.ts'

/** Callers send few different `Accept` and `Accept-Encoding` values. The caches evict rare values. */
const MAX_CACHED_FIELDS = 100

/** Each media type without and with a `charset`, since callers ask for both. */
const OFFERS = FORMATS.flatMap(format => [MEDIA_TYPES[format], contentType(format)])

/**
 * Returns the response format: `requested`, from the query, else the best format for the `Accept` field (RFC
 * 9110 12.5.1), else JSON.
 *
 * @throws {Problem} `not-acceptable` if the field excludes all formats, `headers-too-large`.
 */
export function negotiateFormat(requested: Format | undefined, accept: string | undefined): Format {
  if (requested !== undefined) return requested
  if (!accept || accept === '*/*') return 'json'
  const format = formats.memo(accept)
  if (format === 'none') {
    const offered = [...new Set(Object.values(MEDIA_TYPES))].join(', ')
    throw new Problem(
      'not-acceptable',
      `Header "Accept": this resource is available as ${offered}.`,
    )
  }
  return format
}

const formats = new LRUCache<string, Format | 'none'>({
  max: MAX_CACHED_FIELDS,
  memoMethod: accept => {
    checkFieldSize('Accept', accept)
    const best = bestMediaType(accept, OFFERS)
    return FORMATS.find(name => best === MEDIA_TYPES[name] || best === contentType(name)) ?? 'none'
  },
})

/**
 * Returns the content codings accepted by the `Accept-Encoding` field (RFC 9110 12.5.3), best first; includes
 * `identity` unless the field excludes it.
 *
 * @throws {Problem} `not-acceptable` if the field excludes all codings, `headers-too-large`.
 */
export function negotiateCodings(acceptEncoding: string | undefined): readonly Coding[] {
  // Without the field, any coding is acceptable; `identity` suits every caller.
  if (acceptEncoding === undefined) return IDENTITY
  const accepted = codings.memo(acceptEncoding)
  if (accepted.length === 0) {
    const offered = CODINGS.join(', ')
    const detail = `Header "Accept-Encoding": this resource is available with ${offered}.`
    throw new Problem('not-acceptable', detail)
  }
  return accepted
}

const IDENTITY: readonly Coding[] = ['identity']

const codings = new LRUCache<string, readonly Coding[]>({
  max: MAX_CACHED_FIELDS,
  memoMethod: acceptEncoding => {
    checkFieldSize('Accept-Encoding', acceptEncoding)
    const headers = { 'accept-encoding': acceptEncoding }
    const negotiator: NegotiatorWithPreference = new Negotiator({ headers })
    return negotiator.encodings([...CODINGS], { preferred: [...CODINGS] }) as Coding[]
  },
})

/** Version 1 of the package accepts an order for equally weighted codings; the types lack that option. */
interface NegotiatorWithPreference {
  encodings(available: string[], options: { preferred: string[] }): string[]
}
