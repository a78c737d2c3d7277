import { type TSchema, Type } from 'typebox'
import type { AppInstance } from '../app-instance.ts'

/** A nullable string, with this format if it is given. */
export const textOrNull = (description: string, format: { format?: string } = {}) =>
  Type.Union([Type.String(format), Type.Null()], { description })

/** Spotify's simplified playlist. We document only the members that most callers need. */
const playlistSchema = Type.Object(
  {
    id: Type.Optional(textOrNull('The id of the playlist.')),
    name: Type.Optional(textOrNull('The name of the playlist.')),
    uri: Type.Optional(textOrNull('The `spotify:playlist:` URI of the playlist.')),
  },
  {
    $id: 'Playlist',
    additionalProperties: true,
    description:
      "Spotify's simplified playlist, unchanged: it has more members than these, and any may be absent.",
  },
)

const LINK = { format: 'uri-reference' }

/** The members of Spotify's paging object; links lead to this service. */
const paging = {
  href: Type.String({ ...LINK, description: 'The URL of this response.' }),
  limit: Type.Integer({ minimum: 0, description: 'The number of items.' }),
  next: textOrNull('The window after this one.', LINK),
  offset: Type.Integer({ minimum: 0, description: 'The number of playlists before this window.' }),
  previous: textOrNull('The window before this one.', LINK),
  total: Type.Integer({ minimum: 0, description: 'The number of all playlists.' }),
  items: Type.Array(refTo(playlistSchema), { description: 'The playlists.' }),
}

const listSchema = Type.Object(
  {
    ...paging,
    complete: Type.Boolean({
      description: 'Whether the list certainly has every playlist once, as Spotify counts them.',
    }),
    explanation: Type.Optional(
      Type.String({
        description: 'Only if `total` is 0: explains to a person why, and what the id looks like.',
      }),
    ),
  },
  {
    $id: 'Playlists',
    additionalProperties: false,
    description: "Spotify's paging object with two more members, `complete` and `explanation`.",
  },
)

const pageSchema = Type.Object(
  {
    ...paging,
    limit: Type.Integer({ minimum: 0, maximum: 50, description: 'The requested limit.' }),
  },
  { $id: 'PlaylistsPage', additionalProperties: false, description: "Spotify's paging object." },
)

const errorSchema = Type.Object(
  {
    status: Type.Integer({ description: 'The status of the response.' }),
    message: Type.String({ description: 'What is wrong, and what to do.' }),
  },
  { additionalProperties: false, description: 'The error object that Spotify clients read.' },
)

const problemSchema = Type.Object(
  {
    type: Type.String({
      format: 'uri-reference',
      description:
        'The stable kind of the problem, a relative URI. Its last segment names the kind.',
    }),
    title: Type.String({ description: 'The kind of the problem in a few words.' }),
    status: Type.Integer({ description: 'The status of the response.' }),
    detail: Type.String({ description: 'What is wrong in this case, and what to do.' }),
    instance: Type.String({
      description: 'The path of the request, without its parameters and cut to 256 characters.',
    }),
    request_id: Type.String({ description: 'Identifies this case in the log of the service.' }),
    error: errorSchema,
  },
  { $id: 'Problem', additionalProperties: false, description: 'A problem (RFC 9457).' },
)

const spotifyErrorSchema = Type.Object(
  { error: errorSchema },
  {
    $id: 'SpotifyError',
    additionalProperties: false,
    description: "An error in Spotify's format.",
  },
)

/** References to the schemas by name. */
export const schemas = {
  list: refTo(listSchema),
  page: refTo(pageSchema),
  problem: refTo(problemSchema),
  spotifyError: refTo(spotifyErrorSchema),
}

/** Adds the schemas that the routes refer to by name. Call it before registering routes. */
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
