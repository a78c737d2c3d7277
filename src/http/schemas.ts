import { type TSchema, Type } from 'typebox'
import { type ProblemType, problems } from '../problems.ts'
import type { AppInstance } from './app-instance.ts'

const nullable = <T extends ReturnType<typeof Type.String>>(schema: T) =>
  Type.Union([schema, Type.Null()])

/** Spotify's simplified playlist, of which nothing is promised but what a reader is likely to need. */
const playlistSchema = Type.Object(
  {
    id: Type.Optional(nullable(Type.String())),
    name: Type.Optional(nullable(Type.String())),
    uri: Type.Optional(nullable(Type.String())),
  },
  {
    $id: 'Playlist',
    additionalProperties: true,
    description:
      "Spotify's simplified playlist, passed through: members that are not named here are there too, and any may be absent.",
  },
)

/** Spotify's paging object with our own member `complete`. */
const pagingSchema = Type.Object(
  {
    href: Type.String({ description: 'This answer, at this service.' }),
    limit: Type.Integer({ description: 'How many items are here.' }),
    next: nullable(Type.String({ description: 'The window after this one.' })),
    offset: Type.Integer(),
    previous: nullable(Type.String({ description: 'The window before this one.' })),
    total: Type.Integer({ description: 'How many playlists there are in all.' }),
    complete: Type.Boolean({
      description: 'Whether this is certainly every playlist, each once, as Spotify counts them.',
    }),
    items: Type.Array(refTo(playlistSchema)),
  },
  { $id: 'Playlists' },
)

/** A problem (RFC 9457), with the object that Spotify clients read. */
const problemSchema = Type.Object(
  {
    type: Type.String({ description: 'Stable name of the kind of problem, a relative URI.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What is wrong in this case, and what is allowed.' }),
    instance: Type.String({ description: 'The path that was asked for.' }),
    request_id: Type.String({ description: 'Finds this case in the log of the service.' }),
    error: Type.Object({ status: Type.Integer(), message: Type.String() }),
  },
  { $id: 'Problem' },
)

/** What the routes refer to by name; to be called before they are registered. */
export function addSchemas(app: AppInstance): void {
  for (const schema of [playlistSchema, pagingSchema, problemSchema]) app.addSchema(schema)
}

function refTo(schema: TSchema & { $id?: string }) {
  return Type.Unsafe<unknown>({ $ref: `${schema.$id}#` })
}

const retryAfterSchema = Type.Integer({
  description: 'Seconds after which asking again may help, where that is known.',
})

/** The 200 of a list, for the route's documentation. */
export const pagingResponse = {
  description: 'The playlists.',
  content: {
    'application/json': { schema: refTo(pagingSchema) },
    'text/plain': {
      schema: Type.String({
        description: 'One line each: 1-based position (4 wide), uri and name.',
      }),
    },
  },
}

/** One response for every status that a lookup can fail with, naming its problems. */
export const problemResponses = problemResponsesFor([
  'bad-request',
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
  'shutting-down',
  'deadline-exceeded',
  'not-stored',
])

/** The documentation of the named problems, grouped by their status. */
export function problemResponsesFor(types: readonly ProblemType[]) {
  const statuses = new Set(types.map(type => problems[type].status))
  return Object.fromEntries([...statuses].map(status => [status, responseFor(status, types)]))
}

function responseFor(status: number, types: readonly ProblemType[]) {
  const group = types.filter(type => problems[type].status === status)
  return {
    ...(status >= 503 ? { headers: { 'Retry-After': retryAfterSchema } } : {}),
    description: group.map(type => `\`${type}\`: ${problems[type].title}.`).join(' '),
    content: { 'application/problem+json': { schema: refTo(problemSchema) } },
  }
}
