import { type TSchema, Type } from 'typebox'
import { type ProblemType, problems } from '../../problems/problem.ts'
import { PROBLEM_TYPE } from '../problem-body.ts'
import { problemExample } from './examples.ts'
import {
  cacheHeaders,
  challenge,
  commonHeaders,
  rateLimitHeaders,
  retryAfter,
  sometimes,
  storedHeaders,
} from './response-headers.ts'
import { schemas } from './schemas.ts'

/** What every route that is not open to all may answer, whatever is asked of it. */
export const GUARD_PROBLEMS: readonly ProblemType[] = ['unknown-api-key', 'caller-rate-limited']

/** What may be refused before there is a path, so that it can be the answer to anything. */
const UNREADABLE: readonly ProblemType[] = ['bad-request', 'request-timeout', 'headers-too-large']

/** What a lookup can fail with, whatever is asked of it. */
const LOOKUP_PROBLEMS: readonly ProblemType[] = [
  ...GUARD_PROBLEMS,
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
  const [type] = types.filter(type => type !== 'request-timeout')
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
  const isLimited = own.includes('caller-rate-limited')
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
            ...(isLimited && status !== 401 ? rateLimitHeaders : {}),
            ...(group.includes('user-not-found') ? storedHeaders : {}),
            ...(status > 500 ? originHeaders : {}),
            // A bug may come before the cache is asked.
            ...(status === 500 ? mapValues(originHeaders, sometimes) : {}),
            ...(status === 429 || status >= 502 ? retryAfter : {}),
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
