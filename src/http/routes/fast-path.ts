import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { ResponseCache } from '../../cache/response-cache.ts'
import { type CacheScope, hitFields } from '../../cache/response-fields.ts'
import type { Clock } from '../../lib/clock.ts'
import { type StoredBody, StoredPlaylists } from '../../playlists/cached-playlists.ts'
import type { ListRepresentation } from '../../playlists/representation.ts'
import type { VariantCache } from '../../playlists/representations.ts'
import type { Admit } from '../access-control.ts'
import type { InFlightResponses } from '../in-flight-responses.ts'
import { contextOf } from '../request-context.ts'
import { requestId } from '../request-id.ts'
import { CLIENT_CLOSED_REQUEST, finalStatus, type MeasuredResponse } from '../response-observer.ts'
import { commonFieldsOf, writeRepresentation } from '../send.ts'

/** The share of the memory for variants that the selections may have. */
export const SELECTIONS_SHARE = 0.1
/** Longer requests are rare, and only the routes serve them. */
const MAX_KEY_LENGTH = 1024
/** A selection and its cache entry, as measured on 64-bit Node. */
const OVERHEAD_BYTES = 300
/** How often a use of a representation counts: moving an entry in the LRU order costs as much as a lookup. */
const USE_INTERVAL_MS = 1000

/** The list that a route selected for a request. */
export interface SelectedList {
  readonly userId: string
  /** The cache key of the user when the route selected the list. */
  readonly key: string
  readonly scope: CacheScope
  readonly digest: string
  /** When Spotify sent it, epoch ms; a page shows the time. */
  readonly generatedAt: number
  /** Whether its date is the date of the representation. */
  readonly isDated: boolean
}

/** What a route selected for a request. */
interface Selection extends SelectedList {
  /** The pattern of the route. */
  readonly route: string | undefined
  readonly representationKey: string
  readonly corsFields: readonly string[]
  /** When the cache of representations last counted a use, on the monotonic clock. */
  usedAtMs: number
}

export interface FastPathOptions {
  cache: ResponseCache<StoredBody>
  variants: Pick<VariantCache, 'current'>
  /** Bounds the memory of all selections, in bytes. */
  maxBytes: number
  /** The cache key of a user; the id by default. */
  keyOf?: ((userId: string) => string) | undefined
  admit: Admit
  responses: InFlightResponses
  observe: (response: MeasuredResponse) => void
  clock: Clock
}

/**
 * Serves cache hits ahead of the routes, which cost most of the time of a hit. It remembers which user and
 * which representation a route has selected for a request, by the target and the fields that it depends
 * on. It serves the next such request from the same cached list and representation while that list is
 * fresh, and leaves every other request to the routes.
 */
export class FastPath {
  readonly #options: FastPathOptions
  readonly #selections: LRUCache<string, Selection>

  constructor(options: FastPathOptions) {
    this.#options = options
    this.#selections = new LRUCache({
      maxSize: options.maxBytes,
      sizeCalculation: ({ representationKey }, key) =>
        OVERHEAD_BYTES + 2 * (key.length + representationKey.length),
    })
  }

  /** The memory in use, in bytes. */
  get heldBytes(): number {
    return this.#selections.calculatedSize
  }

  /** Remembers what a route has selected for a hit. `Cache-Control` changes only whether it is one. */
  remember(
    request: FastifyRequest,
    list: SelectedList,
    { key: representationKey }: ListRepresentation,
  ): void {
    const key = selectionKey(request.originalUrl, request.raw)
    if (key === undefined) return
    const { route, corsFields = [] } = contextOf(request)
    const usedAtMs = this.#options.clock.monotonic()
    this.#selections.set(key, { route, ...list, representationKey, corsFields, usedAtMs })
  }

  /** Serves the requests of a server, and leaves those that it cannot serve to the present listener. */
  attachTo(server: Server): void {
    const [listener] = server.listeners('request') as [RequestListener]
    server.removeListener('request', listener)
    server.on('request', (request, response) => {
      if (!this.#serve(request, response)) listener.call(server, request, response)
    })
  }

  #serve(request: IncomingMessage, response: ServerResponse): boolean {
    const { cache, variants, keyOf, admit, responses, observe, clock } = this.#options
    const { method, url = '', headers } = request
    if (method !== 'GET' || headers['cache-control'] !== undefined) return false
    // Without `get`, which would move the entry: the order of their use matters for lists alone.
    const key = selectionKey(url, request)
    const selection = key === undefined ? undefined : this.#selections.peek(key)
    if (selection === undefined) return false
    const { route, representationKey, corsFields } = selection
    // The user may have been linked or unlinked since.
    if (keyOf !== undefined && keyOf(selection.userId) !== selection.key) return false
    const cached = cache.fresh(selection.key)
    if (!(cached?.body instanceof StoredPlaylists)) return false
    const { generatedAt, body } = cached
    const { digest, isDated } = selection
    if (body.list.digest !== digest) return false
    if (!isDated && generatedAt !== selection.generatedAt) return false
    const startMs = clock.monotonic()
    const { representations } = variants.current
    const isDue = startMs >= selection.usedAtMs + USE_INTERVAL_MS
    const representation = isDue
      ? representations.get(representationKey)
      : representations.peek(representationKey)
    if (isDue) selection.usedAtMs = startMs
    if (representation === undefined) return false
    const admission = admit(request)
    if (admission === undefined) return false

    cache.countHit()
    const { caller, rateLimitFields } = admission
    const context = { route, caller, result: 'hit', problem: undefined } as const
    const observed = (status: number) =>
      observe({ status, durationMs: clock.monotonic() - startMs, context })
    responses.begin(response, () => observed(CLIENT_CLOSED_REQUEST))
    response.on('finish', () => {
      if (responses.end(response)) observed(finalStatus(response))
    })
    const fields = [
      ...hitFields(cached, clock.now(), selection.scope),
      ...commonFieldsOf(requestId(request), rateLimitFields),
      ...corsFields,
    ]
    writeRepresentation(response, representation, fields, isDated ? body : undefined)
    return true
  }
}

/**
 * The target of a request and the fields that shape its response, besides `Cache-Control`. Undefined if only
 * the routes serve it: without `Host`, the response depends on the version of HTTP (RFC 9112 3.2).
 */
function selectionKey(target: string, { headers, socket }: IncomingMessage): string | undefined {
  const { host, 'x-forwarded-proto': proto } = headers
  if (host === undefined) return undefined
  // Empty, these mean the same as absent.
  const { accept = '', origin = '', 'accept-encoding': encoding = '' } = headers
  // Whether the field is trusted depends on the address of the client. A field has no line break.
  const scheme = proto === undefined ? '' : `${proto} ${socket.remoteAddress}`
  const key = `${target}\n${host}\n${accept}\n${encoding}\n${origin}\n${scheme}`
  return key.length > MAX_KEY_LENGTH ? undefined : key
}
