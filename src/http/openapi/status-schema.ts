import { type Static, Type } from 'typebox'
import { textOrNull } from './schemas.ts'

const count = (description: string) => Type.Integer({ minimum: 0, description })
const instant = (description: string) => textOrNull(description, { format: 'date-time' })

export const statusSchema = Type.Object({
  service: Type.Object(
    {
      version: Type.String({ description: 'The service version.' }),
      started_at: Type.String({ format: 'date-time', description: 'When this instance started.' }),
      draining: Type.Boolean({ description: 'Whether this instance is shutting down.' }),
    },
    { description: 'This instance.' },
  ),
  token: Type.Object(
    {
      state: Type.Enum(['valid', 'renewing', 'missing', 'rejected'], {
        description:
          'App token state. `rejected`: Spotify rejects the credentials, and no token is valid.',
      }),
      expires_at: instant('When the valid token expires.'),
    },
    { description: 'The app token.' },
  ),
  spotify: Type.Object(
    {
      gate: Type.Enum(['open', 'paused', 'probing'], {
        description:
          'Whether the service sends requests to Spotify. `paused`: none until `paused_until`, or while there is no app token. `probing`: a single request, which opens or closes the gate.',
      }),
      reason: textOrNull('Why the gate is not open.'),
      paused_until: instant('When the service resumes sending requests.'),
      diagnosis: Type.String({
        description:
          '`ok`, or why Spotify does not answer: `rate-limited`, `quota-exceeded`, `endpoint-forbidden`, `premium-required`, `user-authentication-required`, `access-denied`, `credentials-rejected`, `unavailable`.',
      }),
      remedy: textOrNull('What the operator can do about the diagnosis.'),
      requests_24h: count('Web API requests in the last 24 hours, or since startup.'),
      budget: Type.Union([Type.Integer(), Type.Null()], {
        description: 'Maximum Web API requests in 24 hours: `SPOTIFY_DAILY_BUDGET`.',
      }),
      in_flight: count('Web API requests in flight.'),
      queued: count('Lookups waiting for a slot to send a Web API request.'),
    },
    { description: 'Requests to Spotify.' },
  ),
  cache: Type.Object(
    {
      entries: count('Users in the cache.'),
      bytes: count('Memory used by cached lists and their representations.'),
      max_bytes: count('Configured maximum cache size in bytes.'),
      hits: count('Lookups served with a fresh list.'),
      stale_hits: count('Lookups served with a stale list.'),
      misses: count('Lookups that needed Spotify or failed.'),
      collapsed: count("Lookups that waited for another lookup's origin fetch."),
    },
    { description: "This instance's cache." },
  ),
  shared_cache: Type.Object(
    {
      state: Type.Enum(['off', 'connected', 'degraded'], {
        description: '`degraded`: this instance is running without the shared cache for now.',
      }),
    },
    { description: 'The cache shared by replicas.' },
  ),
  links: Type.Optional(
    Type.Object(
      {
        state: Type.Enum(['ok', 'unwritable'], {
          description: '`unwritable`: changes cannot be written to `LINKS_FILE`.',
        }),
        active: count('Links that work.'),
        doubtful: count('Links reported once by Spotify as ended; the service will check again.'),
        refused: count('Links refused by Spotify for now.'),
        ended: count('Links with an ended consent, or to an account with a different user id.'),
        unreadable: count('Links with a record the service cannot decrypt.'),
        next_consent_end: instant('When the earliest consent ends.'),
      },
      { description: 'Linked accounts, if `LINKS_FILE` is set.' },
    ),
  ),
})

/** The `/status` body. */
export type Status = Static<typeof statusSchema>
