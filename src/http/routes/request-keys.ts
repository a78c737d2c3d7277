import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { LRUCache } from 'lru-cache'

/** Longer targets and fields are rare, and only the routes serve them. */
const MAX_LENGTH = 1024
/** How many field combinations have a number; most clients send one of a few. */
const MAX_COMBINATIONS = 256

/** The part of Node's request that determines the key. */
interface Request {
  readonly headers: IncomingHttpHeaders
  readonly socket: Pick<Socket, 'remoteAddress'>
}

/** The fields that shape a response, besides `Cache-Control`. An empty field is the same as an absent field. */
interface Fields {
  readonly host: string
  readonly accept: string
  readonly encoding: string
  readonly origin: string
  readonly scheme: string
}

/**
 * Gives equal keys to requests for the same target with the same response-shaping fields. A number stands for
 * the fields, which are the same in most requests, so a key is short and quick to hash.
 */
export class RequestKeys {
  readonly #numbers = new LRUCache<string, number>({ max: MAX_COMBINATIONS })
  #count = 0
  /** The fields from the last request, and their number. */
  #last: Fields & { readonly number: number } = { ...NO_FIELDS, number: 0 }

  /**
   * Returns the key for a request for this target. Undefined if only the routes serve the request: without
   * `Host`, the response depends on the HTTP version (RFC 9112 3.2).
   */
  of(target: string, { headers, socket }: Request): string | undefined {
    const { host, accept = '', origin = '', 'x-forwarded-proto': proto } = headers
    const { 'accept-encoding': encoding = '' } = headers
    if (host === undefined || target.length > MAX_LENGTH) return undefined
    // Whether the service trusts `X-Forwarded-Proto` depends on the client address.
    const scheme = proto === undefined ? '' : `${proto} ${socket.remoteAddress}`
    const last = this.#last
    const isLast =
      last.host === host &&
      last.accept === accept &&
      last.encoding === encoding &&
      last.origin === origin &&
      last.scheme === scheme
    const number = isLast ? last.number : this.#numberOf({ host, accept, encoding, origin, scheme })
    return number === undefined ? undefined : `${number} ${target}`
  }

  #numberOf(fields: Fields): number | undefined {
    // Fields contain no line breaks.
    const text = Object.values(fields).join('\n')
    if (text.length > MAX_LENGTH) return undefined
    const number = this.#numbers.get(text) ?? this.#count++
    this.#numbers.set(text, number)
    this.#last = { ...fields, number }
    return number
  }
}

/** No request has these fields, since `Host` never contains a line break. */
const NO_FIELDS: Fields = { host: '\n', accept: '', encoding: '', origin: '', scheme: '' }
