import { type Static, Type } from 'typebox'
import { textOrNull } from './schemas.ts'

const count = (description: string) => Type.Integer({ minimum: 0, description })
const instant = (description: string) => textOrNull(description, { format: 'date-time' })

export const statusSchema = Type.Object({
  service: Type.Object(
    {
      version: Type.String({ description: 'The version of the service.' }),
      started_at: Type.String({ format: 'date-time', description: 'When this instance started.' }),
      draining: Type.Boolean({ description: 'Whether this instance is shutting down.' }),
    },
    { description: 'This instance.' },
  ),
  token: Type.Object(
    {
      state: Type.Enum(['valid', 'renewing', 'missing', 'rejected'], {
        description:
          'State of the app token. `rejected`: Spotify rejects the credentials, and no token is valid.',
      }),
      expires_at: instant('When the valid token expires.'),
    },
    { description: 'The app token.' },
  ),
  spotify: Type.Object(
    {
      gate: Type.Enum(['open', 'paused', 'probing'], {
        description:
          'Whether the service sends requests to Spotify. `paused`: none until `paused_until`, or while there is no app token. `probing`: only one, whose outcome opens or closes the gate.',
      }),
      reason: textOrNull('Why the gate is not open.'),
      paused_until: instant('Until when the service sends no requests.'),
      diagnosis: Type.String({
        description:
          '`ok`, or why Spotify does not answer: `rate-limited`, `quota-exceeded`, `endpoint-forbidden`, `premium-required`, `user-authentication-required`, `access-denied`, `credentials-rejected`, `unavailable`.',
      }),
      remedy: textOrNull('What the operator can do about the diagnosis.'),
      requests_24h: count('Web API requests in the last 24 hours, or since the start.'),
      budget: Type.Union([Type.Integer(), Type.Null()], {
        description: 'Maximum Web API requests in 24 hours: `SPOTIFY_DAILY_BUDGET`.',
      }),
      in_flight: count('Web API requests in flight.'),
      queued: count('Lookups that wait for a slot to send a Web API request.'),
    },
    { description: 'Requests to Spotify.' },
  ),
  cache: Type.Object(
    {
      entries: count('Users in the cache.'),
      bytes: count('Memory in use by cached lists and their representations.'),
      max_bytes: count('Configured maximum of the cache in bytes.'),
      hits: count('Lookups served with a fresh list.'),
      stale_hits: count('Lookups served with a stale list.'),
      misses: count('Lookups that needed Spotify or failed.'),
      collapsed: count('Lookups that waited for the origin fetch of another lookup.'),
    },
    { description: 'The cache of this instance.' },
  ),
  shared_cache: Type.Object(
    {
      state: Type.Enum(['off', 'connected', 'degraded'], {
        description: '`degraded`: this instance works without the shared cache for now.',
      }),
    },
    { description: 'The cache that replicas share.' },
  ),
  links: Type.Optional(
    Type.Object(
      {
        state: Type.Enum(['ok', 'unwritable'], {
          description: '`unwritable`: changes cannot be written to `LINKS_FILE`.',
        }),
        active: count('Links that work.'),
        doubtful: count('Links that Spotify once reported as ended; the service will check again.'),
        refused: count('Links that Spotify refuses for now.'),
        ended: count('Links whose consent has ended, or whose account belongs to another user id.'),
        unreadable: count('Links whose record the service cannot decrypt.'),
        next_consent_end: instant('When the earliest consent ends.'),
      },
      { description: 'Linked accounts, if `LINKS_FILE` is set.' },
    ),
  ),
})

/** The body of `/status`. */
export type Status = Static<typeof statusSchema>
