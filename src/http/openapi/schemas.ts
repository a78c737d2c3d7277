import { type TSchema, Type } from 'typebox'
import type { AppInstance } from '../app-instance.ts'

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

const link = (description: string) => Type.String({ format: 'uri-reference', description })

/** The members of Spotify's paging object; links lead to this service. */
const paging = {
  href: link('This answer, at this service.'),
  limit: Type.Integer({ minimum: 0, description: 'How many items are here.' }),
  next: nullable(link('The window after this one.')),
  offset: Type.Integer({ minimum: 0, description: 'How many were left out first.' }),
  previous: nullable(link('The window before this one.')),
  total: Type.Integer({ minimum: 0, description: 'How many playlists there are in all.' }),
  items: Type.Array(refTo(playlistSchema)),
}

const listSchema = Type.Object(
  {
    ...paging,
    complete: Type.Boolean({
      description: 'Whether this is certainly every playlist, each once, as Spotify counts them.',
    }),
    explanation: Type.Optional(
      Type.String({
        description:
          'Only when `total` is 0: why that may be, and what the id looks like, for a person to read.',
      }),
    ),
  },
  {
    $id: 'Playlists',
    additionalProperties: false,
    description: "Spotify's paging object with two members more, `complete` and `explanation`.",
  },
)

const pageSchema = Type.Object(
  { ...paging, limit: Type.Integer({ minimum: 0, maximum: 50, description: 'As asked for.' }) },
  { $id: 'PlaylistsPage', additionalProperties: false, description: "Spotify's paging object." },
)

const errorSchema = Type.Object(
  { status: Type.Integer(), message: Type.String() },
  { additionalProperties: false, description: 'What clients made for Spotify read.' },
)

const problemSchema = Type.Object(
  {
    type: Type.String({
      format: 'uri-reference',
      description:
        'Stable name of the kind of problem, a relative URI. Its last segment names the kind.',
    }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What is wrong in this case, and what is allowed.' }),
    instance: Type.String({
      description: 'The path that was asked for, without its parameters and cut to 256 characters.',
    }),
    request_id: Type.String({ description: 'Finds this case in the log of the service.' }),
    error: errorSchema,
  },
  { $id: 'Problem', additionalProperties: false, description: 'A problem (RFC 9457).' },
)

const spotifyErrorSchema = Type.Object(
  { error: errorSchema },
  { $id: 'SpotifyError', additionalProperties: false, description: "An error in Spotify's shape." },
)

/** References to the schemas by name. */
export const schemas = {
  list: refTo(listSchema),
  page: refTo(pageSchema),
  problem: refTo(problemSchema),
  spotifyError: refTo(spotifyErrorSchema),
}

/** What the routes refer to by name; to be called before they are registered. */
export function addSchemas(app: AppInstance): void {
  for (const schema of [
    playlistSchema,
    listSchema,
    pageSchema,
    problemSchema,
    spotifyErrorSchema,
  ]) {
    app.addSchema(schema)
  }
}

function refTo(schema: TSchema & { $id?: string }) {
  return Type.Unsafe<unknown>({ $ref: `${schema.$id}#` })
}
