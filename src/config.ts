import { type Static, Type } from 'typebox'
import { DEFAULT_HOST, DEFAULT_PORT } from './environment.ts'

const MAX_TIMER_MS = 2 ** 31 - 1
/** Image links of playlists die within a day, and Spotify's terms allow only temporary caching. */
export const MAX_STORED_SECONDS = 86_400
/** Of one list, which has 50 playlists a page. */
export const MAX_PAGES = 2000

const seconds = (fallback: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: MAX_STORED_SECONDS, default: fallback, description })

const milliseconds = (fallback: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: MAX_TIMER_MS, default: fallback, description })

const url = (description: string, fallback?: string) =>
  Type.String({
    pattern: '^https?://[^/?#@\\s]+(?:/[^?#\\s]*)?$',
    description,
    ...(fallback === undefined ? {} : { default: fallback }),
  })

const proxyUrl = (targets: string) =>
  Type.Optional(
    Type.String({
      pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^/?#\\s]+/?$',
      description: `http(s) URL of the proxy for ${targets}, with user and password where it wants them, percent-encoded`,
    }),
  )

/**
 * Quotes that a shell or a file has left in place, and what templates mark a gap with. Spotify issues
 * letters and digits, though RFC 6749 appendix A allows all printable characters.
 */
const MARKS = '"\'`<>{}()[\\]$'

const credentialWithout = (excluded: string) => `^(?!.*[${excluded}])[\\x21-\\x7e]+$`

/**
 * Every variable of the environment that is read. Each description is what an operator is told,
 * here, in the README and when the value is refused.
 */
export const configSchema = Type.Object({
  SPOTIFY_CLIENT_ID: Type.String({
    pattern: credentialWithout(`${MARKS}:`),
    description:
      'client id of the Spotify app: printable characters without spaces, colons, quotes, brackets and dollar signs',
  }),
  SPOTIFY_CLIENT_SECRET: Type.String({
    pattern: credentialWithout(MARKS),
    description:
      'client secret of the Spotify app: printable characters without spaces, quotes, brackets and dollar signs',
  }),
  SPOTIFY_API_URL: url('http(s) URL of the Web API', 'https://api.spotify.com/v1'),
  SPOTIFY_TOKEN_URL: url(
    'http(s) URL of the token endpoint',
    'https://accounts.spotify.com/api/token',
  ),
  HOST: Type.String({ default: DEFAULT_HOST, description: 'address to listen on' }),
  PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: DEFAULT_PORT,
    description: 'port to listen on, 0 to 65535; 0 takes a free one',
  }),
  PUBLIC_URL: Type.Optional(url('http(s) URL under which callers reach this service, for links')),
  TRUST_PROXY: Type.String({
    default: 'false',
    description:
      'whose X-Forwarded-For and X-Forwarded-Proto to believe: false, true, a number of hops, or addresses and CIDR ranges separated by commas',
  }),
  API_KEYS: Type.Optional(
    Type.String({
      description:
        'API keys of the callers, name:key separated by commas; a name has up to 64 letters, digits, ".", "_" and "-", a key 32 to 512 of the characters of a bearer token',
    }),
  ),
  CORS_ORIGINS: Type.Optional(
    Type.String({
      description:
        'origins whose pages may read responses, such as https://app.example, separated by commas; * for all',
    }),
  ),
  METRICS_OPEN: Type.Boolean({
    default: false,
    description: 'whether /metrics needs no API key where keys are on: true or false',
  }),
  CALLER_REQUESTS_PER_MINUTE: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    default: 0,
    description:
      'requests a minute that each caller may send, by API key or else by address, 0 to 1000000; 0 is any number',
  }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'one of fatal, error, warn, info, debug, trace, silent',
  }),
  CACHE_FRESH_SECONDS: seconds(300, 'freshness lifetime in seconds, 0 to 86400'),
  CACHE_STALE_WHILE_REVALIDATE_SECONDS: seconds(
    3600,
    'seconds after freshness in which an answer is served at once and refreshed behind, 0 to 86400',
  ),
  CACHE_STALE_IF_ERROR_SECONDS: seconds(
    43_200,
    'seconds after freshness in which an answer is served when Spotify cannot answer, 0 to 86400',
  ),
  CACHE_NEGATIVE_SECONDS: seconds(
    60,
    'seconds for which an unknown user is remembered, 0 to 86400',
  ),
  CACHE_MIN_REFRESH_SECONDS: seconds(
    10,
    'age in seconds below which an answer is not refreshed because a caller wants it, 0 to 86400',
  ),
  CACHE_MAX_BYTES: Type.Integer({
    minimum: 1_048_576,
    maximum: Number.MAX_SAFE_INTEGER,
    default: 268_435_456,
    description: 'bound on what the cache holds in memory, in bytes, at least 1048576',
  }),
  CACHE_SNAPSHOT_FILE: Type.Optional(
    Type.String({
      description: 'file in which what is stored outlives the process; its folder must be writable',
    }),
  ),
  SHARED_CACHE_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?://[^/?#\\s]+(?:/(?:\\d{1,5})?)?$',
      description:
        'redis:// URL of the Redis or Valkey that replicas share, rediss:// for TLS, with user, password and number of the database where there are any',
    }),
  ),
  SHARED_CACHE_TIMEOUT_MS: milliseconds(
    50,
    'milliseconds after which a command to the shared cache is given up, 1 to 2147483647',
  ),
  SPOTIFY_CONCURRENCY: Type.Integer({
    minimum: 1,
    maximum: 100,
    default: 8,
    description: 'Web API requests at once, all lookups together, 1 to 100',
  }),
  SPOTIFY_TIMEOUT_MS: milliseconds(
    5000,
    'milliseconds for one attempt until its last byte, 1 to 2147483647',
  ),
  LOOKUP_TIMEOUT_MS: milliseconds(
    15_000,
    'milliseconds that a caller waits for one lookup, queueing and retries included, 1 to 2147483647',
  ),
  SPOTIFY_MAX_PAGES: Type.Integer({
    minimum: 1,
    maximum: MAX_PAGES,
    default: 240,
    description: 'pages of one list; more is a bad response, 1 to 2000',
  }),
  SPOTIFY_QUEUE: Type.Integer({
    minimum: 0,
    maximum: 100_000,
    default: 500,
    description: 'lookups that may wait for a place among the requests to Spotify, 0 to 100000',
  }),
  SPOTIFY_DAILY_BUDGET: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Web API requests in any 24 hours, from 1 on',
    }),
  ),
  HTTPS_PROXY: proxyUrl('https requests to Spotify'),
  HTTP_PROXY: proxyUrl('http requests to Spotify, and for https ones without HTTPS_PROXY'),
  NO_PROXY: Type.Optional(
    Type.String({
      description:
        'hosts that are reached without a proxy, host or host:port separated by commas, with all hosts below them; "*" is any',
    }),
  ),
  SHUTDOWN_DELAY_MS: Type.Integer({
    minimum: 0,
    maximum: MAX_TIMER_MS,
    default: 500,
    description:
      'milliseconds after SIGTERM in which connections are still accepted while readiness says 503, 0 to half of SHUTDOWN_TIMEOUT_MS',
  }),
  SHUTDOWN_TIMEOUT_MS: milliseconds(
    8000,
    'milliseconds after SIGTERM in which everything has to be finished, the delay included, 1 to 2147483647',
  ),
})

export type Config = Static<typeof configSchema>

/** Variables that may be given as the name of a file instead, as Docker secrets are. */
export const SECRET_NAMES = [
  'SPOTIFY_CLIENT_ID',
  'SPOTIFY_CLIENT_SECRET',
  'API_KEYS',
  'SHARED_CACHE_URL',
] as const
