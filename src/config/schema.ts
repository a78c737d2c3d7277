import { type Static, Type } from 'typebox'
import { DEFAULT_HOST, DEFAULT_PORT } from './environment.ts'
import { linkVariables } from './link-variables.ts'
import {
  credentialWithout,
  MARKS,
  MAX_TIMER_MS,
  milliseconds,
  proxyUrl,
  seconds,
  url,
} from './value-types.ts'

/** The largest accepted `SPOTIFY_MAX_PAGES`. A page has up to 50 playlists. */
export const MAX_PAGES = 2000

/**
 * All environment variables. `description` describes a valid value, in docs/configuration.md and in the
 * error for an invalid value; `$comment` adds a remark in docs/configuration.md.
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
  SPOTIFY_API_URL: url('http(s) URL of the Web API', { default: 'https://api.spotify.com/v1' }),
  SPOTIFY_TOKEN_URL: url('http(s) URL of the token endpoint', {
    default: 'https://accounts.spotify.com/api/token',
  }),
  HOST: Type.String({
    default: DEFAULT_HOST,
    description: 'address to listen on',
    $comment: '`localhost` means `127.0.0.1`; the image sets `0.0.0.0`.',
  }),
  PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: DEFAULT_PORT,
    description: 'port to listen on, 0 to 65535; 0 picks a free one',
  }),
  PUBLIC_URL: Type.Optional(
    url('http(s) URL under which callers reach this service; links begin with it', {
      $comment: 'Without it, links contain the request host.',
    }),
  ),
  EXAMPLE_USERS: Type.Optional(
    Type.String({
      description:
        'user ids offered as examples on the home page, separated by commas, at most 20; neither links nor URIs',
    }),
  ),
  TRUST_PROXY: Type.String({
    default: 'false',
    description:
      'proxies whose X-Forwarded-For and X-Forwarded-Proto the service trusts: false, true, a number of hops, or addresses and CIDR ranges separated by commas',
  }),
  API_KEYS: Type.Optional(
    Type.String({
      description:
        'API keys for callers: name:key pairs separated by commas; a name has up to 64 letters, digits, ".", "_" and "-", a key 32 to 512 bearer token characters',
      $comment: 'Without it, the service is open to everybody.',
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
    description: 'whether /metrics is open without an API key when API_KEYS is set: true or false',
  }),
  CALLER_REQUESTS_PER_MINUTE: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    default: 0,
    description:
      'maximum requests per minute for each caller (API key, otherwise address), 0 to 1000000; 0 means no limit',
  }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'log level: one of fatal, error, warn, info, debug, trace, silent',
  }),
  CACHE_FRESH_SECONDS: seconds(300, 'seconds for which a cached list is fresh, 0 to 86400'),
  CACHE_STALE_WHILE_REVALIDATE_SECONDS: seconds(
    3600,
    'seconds after freshness ends in which the service serves a stale list and revalidates it in the background, 0 to 86400',
  ),
  CACHE_STALE_IF_ERROR_SECONDS: seconds(
    43_200,
    'seconds after freshness ends in which the service serves a stale list when Spotify fails, 0 to 86400',
  ),
  CACHE_NEGATIVE_SECONDS: seconds(60, 'seconds for which "no such user" is cached, 0 to 86400'),
  CACHE_MIN_REFRESH_SECONDS: seconds(
    10,
    'age in seconds below which callers cannot force a refresh, 0 to 86400',
  ),
  CACHE_MAX_BYTES: Type.Integer({
    minimum: 1_048_576,
    maximum: Number.MAX_SAFE_INTEGER,
    default: 268_435_456,
    description: 'maximum size of the in-memory cache, in bytes, at least 1048576',
    $comment:
      'Three quarters are for lists, at about 1.3 kB per playlist, and a quarter for compressed responses and other formats.',
  }),
  CACHE_SNAPSHOT_FILE: Type.Optional(
    Type.String({
      description: 'file for keeping cached lists across restarts; the folder must be writable',
      $comment:
        'The service writes it on shutdown and every five minutes. Each instance needs its own file. The service does not start if the file exists and is not a snapshot.',
    }),
  ),
  SHARED_CACHE_URL: Type.Optional(
    Type.String({
      description:
        'URL of the Redis or Valkey server that the replicas share, with user, password and database number if needed: redis:// for one server, redis+sentinel:// with the sentinel addresses and the primary name, or redis+cluster:// with the addresses of some nodes. For TLS, write rediss',
      $comment:
        'Examples: `redis://:password@host:6379/0`, `rediss+sentinel://user:password@one:26379,two:26379/mymaster/0`, `redis+cluster://one:6379,two:6379`. [More](operating.md#redis).',
    }),
  ),
  SHARED_CACHE_TIMEOUT_MS: milliseconds(
    50,
    'milliseconds after which a command to the shared cache times out, 1 to 2147483647',
    'For the `SPOTIFY_DAILY_BUDGET` count, the time-out is at least two seconds.',
  ),
  ...linkVariables,
  SPOTIFY_CONCURRENCY: Type.Integer({
    minimum: 1,
    maximum: 100,
    default: 8,
    description: 'maximum concurrent Web API requests, all lookups together, 1 to 100',
  }),
  SPOTIFY_TIMEOUT_MS: milliseconds(
    5000,
    'time-out in milliseconds of one request to Spotify, until its last byte, 1 to 2147483647',
  ),
  LOOKUP_TIMEOUT_MS: milliseconds(
    15_000,
    'milliseconds that a caller waits for one lookup, queueing and retries included, 1 to 2147483647',
  ),
  SPOTIFY_MAX_PAGES: Type.Integer({
    minimum: 1,
    maximum: MAX_PAGES,
    default: 240,
    description: 'maximum pages of one list, 1 to 2000',
    $comment: 'A list with more pages is a bad response.',
  }),
  SPOTIFY_QUEUE: Type.Integer({
    minimum: 0,
    maximum: 100_000,
    default: 500,
    description: 'maximum lookups waiting to send their first request, 0 to 100000',
    $comment:
      'Beyond this, or if a lookup would wait too long, the service responds with `overloaded` at once. Callers (API key, otherwise address) take turns; when the queue is full, the caller with the most lookups loses one to a caller with fewer.',
  }),
  SPOTIFY_DAILY_BUDGET: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'maximum Web API requests in any 24 hours, at least 1',
      $comment:
        'Above 80 %, the service fetches only users without a usable cached list. The count begins with the process; with a shared cache it covers all replicas and survives restarts.',
    }),
  ),
  HTTPS_PROXY: proxyUrl('https requests to Spotify'),
  HTTP_PROXY: proxyUrl('http requests to Spotify, and for https requests without HTTPS_PROXY'),
  NO_PROXY: Type.Optional(
    Type.String({
      description:
        'hosts to reach without a proxy: host or host:port separated by commas, each including subdomains; "*" means all',
    }),
  ),
  SHUTDOWN_DELAY_MS: Type.Integer({
    minimum: 0,
    maximum: MAX_TIMER_MS,
    default: 500,
    description:
      'milliseconds after SIGTERM in which the service still accepts connections while readiness responds with 503, 0 to half of SHUTDOWN_TIMEOUT_MS',
    $comment: 'Load balancers need this time to notice the shutdown.',
  }),
  SHUTDOWN_TIMEOUT_MS: milliseconds(
    8000,
    'milliseconds after SIGTERM within which the service stops, SHUTDOWN_DELAY_MS included, 1 to 2147483647',
  ),
})

export type Config = Static<typeof configSchema>
