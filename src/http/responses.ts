import { type TSchema, Type } from 'typebox'
import { type ProblemType, problems } from '../problems.ts'
import {
  csvExample,
  listExample,
  ndjsonExample,
  pageExample,
  problemExample,
  textExample,
} from './examples.ts'
import { PROBLEM_TYPE } from './problem-answer.ts'
import { schemas } from './schemas.ts'

/**
 * A field that is sent only where it has something to say; all others are sent with every such
 * answer. The mark becomes the `required` of the header in openapi.yaml.
 */
function sometimes(schema: TSchema): TSchema {
  return { ...schema, required: false }
}

/** Fields of every answer. */
const commonHeaders = {
  'X-Request-Id': Type.String({
    description: 'Finds this answer in the log: the one that was sent along, or a new one.',
  }),
  'X-Content-Type-Options': Type.Literal('nosniff', { description: 'The media type is right.' }),
}

/** An answer in JSON that no cache has a part in. */
export function jsonResponse(
  description: string,
  schema: TSchema,
  headers: Record<string, TSchema> = {},
) {
  return {
    description,
    headers: { ...commonHeaders, ...headers },
    content: { 'application/json': { schema } },
  }
}

/** The field of what is true only at this moment. */
export const noStore = {
  'Cache-Control': Type.Literal('no-store', { description: 'It is true only now.' }),
}

/** Fields of every answer that the cache had a part in. */
const cacheHeaders = {
  'Cache-Status': Type.String({
    description:
      'How the cache came to this answer (RFC 9211): `hit` or `fwd` (`uri-miss`, `stale`, `request`), `fwd-status`, `stored`, `collapsed`, `ttl` in seconds, negative when stale, and as `detail` the type of the problem that kept Spotify from answering.',
  }),
}

const storedHeaders = {
  ...cacheHeaders,
  Age: Type.Integer({ minimum: 0, description: 'Seconds since Spotify gave this (RFC 9111 5.1).' }),
  'Cache-Control': Type.String({
    description:
      'The whole lifetime (RFC 9111 5.2.2, RFC 5861): subtract `Age` for what is left of it.',
  }),
}

const etag = Type.String({
  pattern: '^"[\\w-]+"$',
  description:
    'Strong; equal as long as every byte is, also on another replica and after a restart.',
})

const validatorHeaders = {
  ...commonHeaders,
  ...storedHeaders,
  ETag: etag,
  Vary: Type.String({ description: 'The request fields that this choice depends on.' }),
}

const listHeaders = {
  ...validatorHeaders,
  'Content-Encoding': sometimes(
    Type.String({ pattern: '^(gzip|br)$', description: 'Absent on short answers.' }),
  ),
  'Last-Modified': Type.String({ description: 'When the list last changed, as far as is known.' }),
}

const retryAfter = {
  'Retry-After': sometimes(
    Type.Integer({
      minimum: 1,
      description: 'Seconds after which asking again may help, where that is known.',
    }),
  ),
}

const challenge = {
  'WWW-Authenticate': Type.String({
    description: 'RFC 6750 3, with `error="invalid_token"` when a key was sent.',
  }),
}

const NOT_MODIFIED =
  'The caller has this answer already, as `If-None-Match` or `If-Modified-Since` say.'

/** What a list is answered with when all goes well. */
export const listResponses = {
  200: {
    description: 'The playlists.',
    headers: listHeaders,
    content: {
      'application/json': { schema: schemas.list, example: listExample },
      'text/plain': {
        schema: Type.String({ description: 'One line each: position (4 wide), uri and name.' }),
        example: textExample,
      },
      'text/csv': {
        schema: Type.String({ description: 'RFC 4180 with a header row.' }),
        example: csvExample,
      },
      'application/x-ndjson': {
        schema: Type.String({ description: 'One playlist a line, as JSON.' }),
        example: ndjsonExample,
      },
    },
  },
  304: { type: 'null', description: NOT_MODIFIED, headers: validatorHeaders },
}

/** What a page of the mirror is answered with when all goes well. */
export const mirrorResponses = {
  200: {
    description: 'The page.',
    headers: listHeaders,
    content: { 'application/json': { schema: schemas.page, example: pageExample } },
  },
  304: { type: 'null', description: NOT_MODIFIED, headers: validatorHeaders },
}

/** Fields of what stays the same as long as the process lives. */
const fixedHeaders = {
  ...commonHeaders,
  ETag: etag,
  'Cache-Control': Type.Literal('no-cache', { description: 'Check with the `ETag` each time.' }),
}

/** What a page that explains problems is answered with. */
export const problemPageResponses = {
  200: {
    description: 'The page.',
    headers: {
      ...fixedHeaders,
      Vary: Type.Literal('Accept', { description: 'HTML for who prefers it, else Markdown.' }),
      'Content-Security-Policy': Type.String({ description: 'The page loads nothing.' }),
    },
    content: {
      'text/html': { schema: Type.String() },
      'text/markdown': { schema: Type.String() },
    },
  },
  304: {
    type: 'null',
    description: NOT_MODIFIED,
    headers: { ...fixedHeaders, Vary: Type.Literal('Accept') },
  },
}

/** What this document is answered with. */
export const openapiResponses = {
  200: {
    description: 'OpenAPI 3.1.',
    headers: fixedHeaders,
    content: { 'application/yaml': { schema: Type.String() } },
  },
  304: { type: 'null', description: NOT_MODIFIED, headers: fixedHeaders },
}

/** What is refused before there is a path, so that it can be the answer to anything. */
const UNREADABLE: readonly ProblemType[] = ['bad-request', 'request-timeout', 'headers-too-large']

/** What a lookup can fail with, whatever is asked of it. */
const LOOKUP_PROBLEMS: readonly ProblemType[] = [
  'unknown-api-key',
  'invalid-user-id',
  'invalid-query',
  'user-not-found',
  'not-acceptable',
  'internal-error',
  'spotify-bad-response',
  'spotify-access-denied',
  'spotify-credentials-rejected',
  'spotify-unavailable',
  'spotify-rate-limited',
  'spotify-quota-exceeded',
  'quota-budget-spent',
  'overloaded',
  'shutting-down',
  'deadline-exceeded',
  'not-stored',
]

/** One response for every status that a lookup can fail with, naming its problems. */
export const lookupProblems = responsesFor(LOOKUP_PROBLEMS, cacheHeaders, asProblem)

/** The same in Spotify's shape. */
export const lookupErrors = responsesFor(LOOKUP_PROBLEMS, cacheHeaders, asSpotifyError)

/** The documentation of the named problems and of unreadable requests, grouped by their status. */
export function problemResponsesFor(types: readonly ProblemType[]) {
  return responsesFor(types, {}, asProblem)
}

function asProblem(types: readonly ProblemType[]) {
  const examples = types.map(type => [type, { value: problemExample(type) }])
  return {
    [PROBLEM_TYPE]: { schema: schemas.problem, examples: Object.fromEntries(examples) },
  }
}

/** Only what was read far enough to have a path is known to be for a client of Spotify. */
function asSpotifyError(types: readonly ProblemType[]) {
  const unreadable = types.filter(type => UNREADABLE.includes(type))
  const [type] = types.filter(type => !UNREADABLE.includes(type))
  const content = unreadable.length > 0 ? asProblem(unreadable) : {}
  if (type === undefined) return content
  const { error } = problemExample(type)
  return { 'application/json': { schema: schemas.spotifyError, example: { error } }, ...content }
}

function responsesFor(
  own: readonly ProblemType[],
  originHeaders: Record<string, TSchema>,
  contentOf: (types: readonly ProblemType[]) => object,
) {
  const types = [...UNREADABLE, ...own]
  const statuses = new Set(types.map(type => problems[type].status))
  return Object.fromEntries(
    [...statuses].map(status => {
      const group = types.filter(type => problems[type].status === status)
      return [
        status,
        {
          description: group.map(type => `\`${type}\`: ${problems[type].title}.`).join(' '),
          headers: {
            ...commonHeaders,
            'Cache-Control': Type.String({ description: '`no-store`, but for a stored 404.' }),
            ...(status === 401 ? challenge : {}),
            ...(group.includes('user-not-found') ? storedHeaders : {}),
            ...(status > 500 ? originHeaders : {}),
            // A bug may come before the cache is asked.
            ...(status === 500 ? mapValues(originHeaders, sometimes) : {}),
            ...(status >= 502 ? retryAfter : {}),
          },
          content: contentOf(group),
        },
      ]
    }),
  )
}

function mapValues<T, R>(record: Record<string, T>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
}
