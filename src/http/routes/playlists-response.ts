import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Lookup, lookupResult } from '../../cache/lookup-result.ts'
import { requestDirectives } from '../../cache/request-directives.ts'
import type { ResponseCache } from '../../cache/response-cache.ts'
import { type CacheScope, cacheFields, cacheStatus } from '../../cache/response-fields.ts'
import type { Clock } from '../../lib/clock.ts'
import { type StoredBody, StoredPlaylists } from '../../playlists/cached-playlists.ts'
import type { VariantCache } from '../../playlists/representations.ts'
import type { Coding } from '../representation/compression.ts'
import { negotiateCodings } from '../representation/negotiation.ts'
import { disconnectSignal, isPreferred, represent } from '../representation/represent.ts'
import type { View } from '../representation/view.ts'
import { contextOf } from '../request-context.ts'
import { sendRepresentation, setFields } from '../send.ts'
import { checkFieldSize } from '../validation.ts'
import type { FastPath } from './fast-path.ts'
import type { FoundList } from './playlists-page.ts'

export interface ListOptions {
  cache: ResponseCache<StoredBody>
  variants: VariantCache
  clock: Clock
  /** The service's public base URL; if undefined, the origin of each request. */
  publicUrl: string | undefined
  /** `private` if callers need a key, so no shared cache serves callers without one (RFC 9111 3.5). */
  cacheScope: CacheScope
  /** Undefined if every request has to go through the routes. */
  fastPath: FastPath | undefined
  /**
   * Returns the cache key by canonical user id; the id by default. A list with any other key is read on the
   * user's behalf, so no shared cache may store it.
   */
  keyOf?: ((userId: string) => string) | undefined
}

/** A request for a user's list. */
export interface ListRequest {
  request: FastifyRequest
  reply: FastifyReply
  /** Canonical. */
  userId: string
  /** A function makes a view that changes with the list age, once the list has been found. */
  view: View | ((found: FoundList, now: number) => View)
}

/**
 * Sends a user's list from the cache; synchronously if the list and the representation are cached.
 *
 * @throws {Problem} if there is no list. The reply then has the cache's header fields.
 */
export function sendList(listRequest: ListRequest, options: ListOptions): void | Promise<void> {
  const { request, userId } = listRequest
  const { headers } = request
  const context = contextOf(request)
  context.userId = userId
  // Before the lookup, so a refused request costs no request to Spotify.
  const codings = negotiateCodings(headers['accept-encoding'])
  const control = headers['cache-control']
  if (control !== undefined) checkFieldSize('Cache-Control', control)
  const key = options.keyOf?.(userId) ?? userId
  const lookup = options.cache.lookup(key, requestDirectives(control), context)
  const scope = key === userId ? options.cacheScope : 'private'
  const send = (found: Lookup<StoredBody>) =>
    respond({ ...listRequest, codings, key, scope }, found, options)
  return lookup instanceof Promise ? lookup.then(send) : send(lookup)
}

/** A request with the caller's accepted codings and the list's place in the cache. */
interface NegotiatedRequest extends ListRequest {
  codings: readonly Coding[]
  /** The list's cache key. */
  key: string
  scope: CacheScope
}

function respond(
  { request, reply, userId, view, codings, key, scope }: NegotiatedRequest,
  lookup: Lookup<StoredBody>,
  { variants, clock, fastPath }: ListOptions,
): void | Promise<void> {
  const now = clock.now()
  const { response, failure, forward } = lookup
  const status = cacheStatus(lookup, now)
  const context = contextOf(request)
  context.result = lookupResult(lookup, now)
  context.cacheStatus = status
  context.spotifyRequests = forward?.requests ?? 0
  if (response === undefined) {
    reply.header('cache-status', status)
    throw failure
  }
  const fields = cacheFields(status, response, now, scope)
  const { body: stored } = response
  if (!(stored instanceof StoredPlaylists)) {
    setFields(reply, fields)
    throw stored.problem
  }
  const isPage = typeof view === 'function'
  const wanted = { request, view: isPage ? view({ response, failure }, now) : view, codings }
  const made = represent(stored.list, wanted, variants)
  // A page can change while the list does not, so the list date says nothing about the page.
  const dated = isPage ? undefined : stored
  if (!(made instanceof Promise)) {
    if (context.result === 'hit' && isPreferred(made, codings)) {
      const list = { userId, key, scope, generatedAt: response.generatedAt, isDated: !isPage }
      fastPath?.remember(request, list, made, stored)
    }
    return sendRepresentation(reply, made, fields, dated)
  }
  return made.then(
    representation => sendRepresentation(reply, representation, fields, dated),
    error => {
      if (!disconnectSignal(request).aborted) throw error
      // Nobody is waiting for a response.
      reply.hijack()
    },
  )
}
