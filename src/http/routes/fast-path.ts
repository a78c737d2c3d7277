import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { ResponseCache } from '../../cache/response-cache.ts'
import { type CacheScope, cacheFields, cacheStatus } from '../../cache/response-fields.ts'
import type { Clock } from '../../lib/clock.ts'
import { httpDates } from '../../lib/http-date.ts'
import { type StoredBody, StoredPlaylists } from '../../playlists/cached-playlists.ts'
import { joinBody, type ListRepresentation } from '../../playlists/representation.ts'
import type { Slot, VariantCache } from '../../playlists/representations.ts'
import type { Admit } from '../access-control.ts'
import type { InFlightResponses } from '../in-flight-responses.ts'
import { buildHead, linesOf, reuseHead } from '../ready-head.ts'
import { contextOf } from '../request-context.ts'
import { requestId } from '../request-id.ts'
import { CLIENT_CLOSED_REQUEST, finalStatus, type MeasuredResponse } from '../response-observer.ts'
import { endRepresentation, fieldsOf, isNotModified, ownFields, SAME_FIELDS } from '../send.ts'
import { RequestKeys } from './request-keys.ts'

/** The share of variant memory that selections may use. */
export const SELECTIONS_SHARE = 0.2
/** A selection, its cache entry and the ends of two heads, as measured on 64-bit Node. */
const OVERHEAD_BYTES = 1900

/** The list a route selected for a request. */
export interface SelectedList {
  readonly userId: string
  /** The user's cache key when the route selected the list. */
  readonly key: string
  readonly scope: CacheScope
  /** When Spotify sent the list, in epoch ms; a page shows this time. */
  readonly generatedAt: number
  /** Whether the list date is also the representation date. */
  readonly isDated: boolean
}

/** A route's selection for a request. */
interface Selection extends SelectedList {
  /** The route pattern. */
  readonly route: string | undefined
  readonly slot: Slot<ListRepresentation>
  readonly representationKey: string
  readonly etag: string
  /** The list digest. */
  readonly digest: string
  readonly corsFields: readonly string[]
  /** When the caches last counted a use, on the monotonic clock. */
  usedAtMs: number
  /** The cached list's array: it identifies the list without keeping the list in memory. */
  dateFields: readonly string[]
  /** The ends of the heads for hits with status 200 and 304, from `buildHead`. */
  end200: string | undefined
  end304: string | undefined
}

export interface FastPathOptions {
  cache: ResponseCache<StoredBody>
  variants: Pick<VariantCache, 'current'>
  /** The memory limit for all selections, in bytes. */
  maxBytes: number
  /** Returns the user's cache key; the id by default. */
  keyOf?: ((userId: string) => string) | undefined
  admit: Admit
  responses: InFlightResponses
  observe: (response: MeasuredResponse) => void
  clock: Clock
}

/**
 * Serves cache hits ahead of the routes, which take most of the time for a hit. It remembers which user and
 * representation a route selected, by request target and by the header fields that shape the response. While
 * the cached list is fresh, later requests with the same target and fields get the same representation of
 * that list. All other requests go to the routes.
 */
export class FastPath {
  readonly #options: FastPathOptions
  readonly #selections: LRUCache<string, Selection>
  readonly #keys = new RequestKeys()
  readonly #dates = httpDates()

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

  /** Remembers a route's selection for a hit. `Cache-Control` only decides whether a request is a hit. */
  remember(
    request: FastifyRequest,
    list: SelectedList,
    representation: ListRepresentation,
    { list: cachedList, dateFields }: StoredPlaylists,
  ): void {
    const key = this.#keys.of(request.originalUrl, request.raw)
    const { variants, clock } = this.#options
    const slot = variants.current.representations.slot(representation.key)
    if (key === undefined || slot === undefined) return
    joinBody(representation, cachedList)
    const { route, corsFields = [] } = contextOf(request)
    this.#selections.set(key, {
      route,
      ...list,
      slot,
      representationKey: representation.key,
      etag: representation.etag,
      digest: cachedList.digest,
      corsFields,
      usedAtMs: clock.monotonic(),
      dateFields,
      end200: undefined,
      end304: undefined,
    })
  }

  /** Answers requests that repeat a remembered hit; the server's own listener answers all others. */
  attachTo(server: Server): void {
    const [listener] = server.listeners('request') as [RequestListener]
    server.removeListener('request', listener)
    server.on('request', (request, response) => {
      if (!this.#serve(request, response)) listener.call(server, request, response)
    })
  }

  #serve(request: IncomingMessage, response: ServerResponse): boolean {
    const { cache, keyOf, admit, responses, observe, clock } = this.#options
    const { method, url = '', headers } = request
    if (method !== 'GET' || headers['cache-control'] !== undefined) return false
    const key = this.#keys.of(url, request)
    const selection = key && this.#selections.peek(key)
    if (!selection) return false
    // The owner might have linked or unlinked the account since the route selected the list.
    if (keyOf !== undefined && keyOf(selection.userId) !== selection.key) return false
    const now = clock.now()
    const cached = cache.fresh(selection.key, now)
    if (!(cached?.body instanceof StoredPlaylists)) return false
    const { body } = cached
    const { variant: representation } = selection.slot
    if (representation === undefined) return false
    if (body.dateFields !== selection.dateFields) {
      if (!fits(selection, body, cached.generatedAt)) return false
      joinBody(representation, body.list)
      selection.dateFields = body.dateFields
      selection.end200 = undefined
      selection.end304 = undefined
    }
    const startMs = clock.monotonic()
    const admission = admit(request)
    if (admission === undefined) return false

    cache.countHit()
    this.#countUse(key, selection, startMs)
    const { caller, rateLimitFields } = admission
    const context = { route: selection.route, caller, result: 'hit', problem: undefined } as const
    const observed = (status: number) =>
      observe({ status, durationMs: clock.monotonic() - startMs, context })
    responses.begin(response, () => observed(CLIENT_CLOSED_REQUEST))
    response.on('finish', () => {
      if (responses.end(response)) observed(finalStatus(response))
    })
    const stored = selection.isDated ? body : undefined
    const status = isNotModified(headers, selection.etag, stored) ? 304 : 200
    const own = [
      ...ownFields(requestId(request), rateLimitFields),
      ...cacheFields(cacheStatus({ response: cached }, now), cached, now, selection.scope),
      'date',
      this.#dates(now),
    ]
    const end = status === 200 ? 'end200' : 'end304'
    if (!reuseHead(response, status, linesOf(own), selection[end])) {
      const fields = [...SAME_FIELDS, ...selection.corsFields]
      const others = fieldsOf(status, representation, fields, stored)
      selection[end] = buildHead(response, status, own, others) ?? selection[end]
    }
    endRepresentation(response, status, representation, stored)
    return true
  }

  /** Counts at most one use per second, since counting takes as long as a lookup. */
  #countUse(key: string, selection: Selection, nowMs: number): void {
    if (nowMs - selection.usedAtMs < 1000) return
    selection.usedAtMs = nowMs
    this.#selections.get(key)
    this.#options.variants.current.representations.get(selection.representationKey)
  }
}

/** Whether a selection is still valid after this list has replaced the selected list. */
function fits(selection: Selection, { list }: StoredPlaylists, generatedAt: number): boolean {
  const { digest, isDated } = selection
  return list.digest === digest && (isDated || generatedAt === selection.generatedAt)
}
