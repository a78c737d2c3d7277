import { type Static, Type } from 'typebox'
import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'
import { GUARD_PROBLEMS, problemResponsesFor } from '../openapi/problem-responses.ts'
import { noStore, rateLimitHeaders } from '../openapi/response-headers.ts'
import { jsonResponse } from '../openapi/responses.ts'

const count = (description: string) => Type.Integer({ minimum: 0, description })
const instant = (description: string) =>
  Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description })
const textOrNull = (description: string) =>
  Type.Union([Type.String(), Type.Null()], { description })

export const statusSchema = Type.Object({
  service: Type.Object({
    version: Type.String(),
    started_at: Type.String({ format: 'date-time' }),
    draining: Type.Boolean({ description: 'Whether this instance takes no new requests.' }),
  }),
  token: Type.Object({
    state: Type.Enum(['valid', 'renewing', 'missing', 'rejected'], {
      description:
        'The app token: `rejected` when Spotify does not accept the credentials and none is valid.',
    }),
    expires_at: instant('When the token that is valid expires.'),
  }),
  spotify: Type.Object({
    gate: Type.Enum(['open', 'paused', 'probing'], {
      description:
        'Whether requests leave for Spotify: `paused` until an instant, also while there is no app token, or `probing`: one request alone, which decides.',
    }),
    reason: textOrNull('Why the gate is not open.'),
    paused_until: instant('Until when nothing is sent.'),
    diagnosis: Type.String({
      description:
        '`ok`, or what keeps Spotify from answering: `rate-limited`, `quota-exceeded`, `endpoint-forbidden`, `premium-required`, `user-authentication-required`, `access-denied`, `credentials-rejected`, `unavailable`.',
    }),
    remedy: textOrNull('What a person can do about it.'),
    requests_24h: count('Web API requests in the last 24 hours, since the start at most.'),
    budget: Type.Union([Type.Integer(), Type.Null()], {
      description: 'How many there may be: `SPOTIFY_DAILY_BUDGET`.',
    }),
    in_flight: count('Web API requests under way.'),
    queued: count('Lookups that wait for a place among them.'),
  }),
  cache: Type.Object({
    entries: count('Users stored.'),
    bytes: count('Memory held by their lists and what is made from them.'),
    max_bytes: count('The most that it may be.'),
    hits: count('Lookups answered from the store, fresh.'),
    stale_hits: count('Lookups answered from the store, stale.'),
    misses: count('Lookups answered by Spotify, or with a problem.'),
    collapsed: count('Of all lookups, those that shared a request to Spotify.'),
  }),
  shared_cache: Type.Object({ state: Type.Enum(['off', 'connected', 'degraded']) }),
})

/** What `/status` answers. */
export type Status = Static<typeof statusSchema>

export interface StatusOptions {
  status: () => Status
}

/** `GET /status`: for people who look after the service. */
export function statusRoute(app: AppInstance, options: StatusOptions): void {
  app.get(
    '/status',
    {
      schema: {
        operationId: 'getStatus',
        tags: ['Health'],
        summary: 'How the service is doing, for people',
        response: {
          200: jsonResponse('How all of it is doing.', statusSchema, {
            ...noStore,
            ...rateLimitHeaders,
          }),
          ...problemResponsesFor([...GUARD_PROBLEMS, 'internal-error']),
        },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      return options.status()
    },
  )
  allowOnlyReading(app, '/status')
}
