import { Type } from 'typebox'
import { PROBLEM_TYPE, type ProblemType, problems } from '../../problems/problem.ts'
import { problemExample } from './examples.ts'
import {
  cacheHeaders,
  challenge,
  commonHeaders,
  pageHeaders,
  rateLimitHeaders,
  retryAfter,
  sometimes,
  storedHeaders,
} from './response-headers.ts'
import { schemas } from './schemas.ts'

const PAGE = Type.String({ description: 'The problem as a page, if `Accept` prefers HTML.' })

/** Fields for problems that browsers get as pages. */
const pageFields = {
  Vary: sometimes(Type.String({ description: 'Browsers get a different representation.' })),
  ...pageHeaders,
}

/** The field for internal errors, sometimes absent because the error occurred before the lookup. */
const sometimesCached = { 'Cache-Status': sometimes(cacheHeaders['Cache-Status']) }

/** The problems on every route that needs an API key. */
export const GUARD_PROBLEMS: readonly ProblemType[] = ['unknown-api-key', 'caller-rate-limited']

/** The problems for requests refused before the path is known. */
const UNREADABLE: readonly ProblemType[] = ['bad-request', 'request-timeout', 'headers-too-large']

/** The problems on routes that send requests to Spotify. */
export const SPOTIFY_PROBLEMS: readonly ProblemType[] = [
  'user-not-found',
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
]

/** Lookup problems. */
const LOOKUP_PROBLEMS: readonly ProblemType[] = [
  ...GUARD_PROBLEMS,
  'invalid-user-id',
  'invalid-query',
  'not-acceptable',
  'internal-error',
  ...SPOTIFY_PROBLEMS,
  'not-stored',
]

/** Error responses to lookups, one per status, with the problems. */
export const lookupProblems = responsesFor(LOOKUP_PROBLEMS, true, asProblem)

/** Error responses, in Spotify's format, to lookups. */
export const lookupErrors = responsesFor(LOOKUP_PROBLEMS, true, asSpotifyError)

/** Returns responses for these problems and for unreadable requests, one per status. */
export function problemResponsesFor(types: readonly ProblemType[]) {
  return responsesFor(types, false, asProblem)
}

function asProblem(types: readonly ProblemType[], hasPage: boolean) {
  const examples = types.map(type => [type, { value: problemExample(type) }])
  return {
    [PROBLEM_TYPE]: { schema: schemas.problem, examples: Object.fromEntries(examples) },
    ...(hasPage ? { 'text/html': { schema: PAGE } } : {}),
  }
}

/** Unreadable requests have no path, so their problems never have Spotify's format. */
function asSpotifyError(types: readonly ProblemType[]) {
  const unreadable = types.filter(type => UNREADABLE.includes(type))
  const [type] = types.filter(type => type !== 'request-timeout')
  const content = unreadable.length > 0 ? asProblem(unreadable, false) : {}
  if (type === undefined) return content
  const { error } = problemExample(type)
  return { 'application/json': { schema: schemas.spotifyError, example: { error } }, ...content }
}

function responsesFor(
  own: readonly ProblemType[],
  isLookup: boolean,
  contentOf: (types: readonly ProblemType[], hasPage: boolean) => object,
) {
  const types = [...UNREADABLE, ...own]
  const isLimited = own.includes('caller-rate-limited')
  // `X-Forwarded-For` can be too large. For admins, the service reads the key, not that field.
  const readsAddress = isLimited && !own.includes('not-admin')
  const statuses = new Set(types.map(type => problems[type].status))
  return Object.fromEntries(
    [...statuses].map(status => {
      const group = types.filter(type => problems[type].status === status)
      // Without a readable `Accept` there is no page.
      const hasPage = status !== 408 && (status !== 431 || readsAddress) && contentOf === asProblem
      return [
        status,
        {
          description: group.map(type => `\`${type}\`: ${problems[type].title}.`).join(' '),
          headers: {
            ...commonHeaders,
            'Cache-Control': Type.String({ description: '`no-store`, except for a cached 404.' }),
            ...(hasPage ? pageFields : {}),
            ...(status === 401 ? challenge : {}),
            ...(isLimited && status !== 401 ? rateLimitHeaders : {}),
            ...(isLookup && status === 404 ? storedHeaders : {}),
            ...(isLookup && status > 500 ? cacheHeaders : {}),
            ...(isLookup && status === 500 ? sometimesCached : {}),
            ...(status === 429 || status >= 502 ? retryAfter : {}),
          },
          content: contentOf(group, hasPage),
        },
      ]
    }),
  )
}
