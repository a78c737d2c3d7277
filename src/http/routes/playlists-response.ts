import type { FastifyReply, FastifyRequest } from 'fastify'
import { age, type CacheScope, cacheControl, cacheStatus } from '../../cache/cache-status.ts'
import { type Lookup, lookupResult } from '../../cache/lookup-result.ts'
import { requestDirectives } from '../../cache/request-directives.ts'
import type { ResponseCache } from '../../cache/response-cache.ts'
import type { Clock } from '../../lib/clock.ts'
import { type StoredBody, StoredPlaylists } from '../../playlists/cached-playlists.ts'
import type { VariantCache } from '../../playlists/representations.ts'
import { setFields } from '../common-headers.ts'
import { checkFieldSize } from '../field-size.ts'
import type { Coding } from '../representation/compression.ts'
import { negotiateCodings } from '../representation/negotiation.ts'
import { disconnectSignal, represent } from '../representation/represent.ts'
import type { View } from '../representation/view.ts'
import { contextOf } from '../request-context.ts'
import { sendRepresentation } from '../send.ts'

export interface ListOptions {
  cache: ResponseCache<StoredBody>
  variants: VariantCache
  clock: Clock
  /** The URL, up to a path, under which callers reach this service; unset: the request's origin. */
  publicUrl: string | undefined
  /** `private` where callers need a key, lest a cache on the way answers those without (RFC 9111 3.5). */
  cacheScope: CacheScope
}

/** A request for a user's list. */
export interface ListRequest {
  request: FastifyRequest
  reply: FastifyReply
  /** Canonical. */
  userId: string
  view: View
}

/**
 * Answers with a user's list out of the cache, without a promise when all of it is there.
 *
 * @throws {Problem} why there is no list. What the cache says about that is set on the reply.
 */
export function sendList(asked: ListRequest, options: ListOptions): void | Promise<void> {
  const { headers } = asked.request
  const context = contextOf(asked.request)
  context.userId = asked.userId
  // Before Spotify is asked for what the caller would not take.
  const codings = negotiateCodings(headers['accept-encoding'])
  const control = headers['cache-control']
  if (control !== undefined) checkFieldSize('Cache-Control', control)
  const lookup = options.cache.lookup(asked.userId, requestDirectives(control), context)
  return lookup instanceof Promise
    ? lookup.then(done => answer(asked, done, codings, options))
    : answer(asked, lookup, codings, options)
}

function answer(
  asked: ListRequest,
  lookup: Lookup<StoredBody>,
  codings: readonly Coding[],
  { variants, clock, cacheScope }: ListOptions,
): void | Promise<void> {
  const { request, reply } = asked
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
  const fields = ['cache-status', status, 'age', String(age(response, now))]
  fields.push('cache-control', cacheControl(response, cacheScope))
  const { body: stored } = response
  if (!(stored instanceof StoredPlaylists)) {
    setFields(reply, fields)
    throw stored.problem
  }
  const made = represent(stored.list, asked, codings, variants)
  if (!(made instanceof Promise)) return sendRepresentation(reply, made, fields, stored)
  return made.then(
    representation => sendRepresentation(reply, representation, fields, stored),
    error => {
      if (!disconnectSignal(request).aborted) throw error
      // There is nobody to answer.
      reply.hijack()
    },
  )
}
