import { type TSchema, Type } from 'typebox'
import type { AppInstance } from '../app-instance.ts'

/** A nullable string, with this format if given. */
export const textOrNull = (description: string, format: { format?: string } = {}) =>
  Type.Union([Type.String(format), Type.Null()], { description })

/** Spotify's simplified playlist. Only the members most callers need are documented. */
const playlistSchema = Type.Object(
  {
    id: Type.Optional(textOrNull('The playlist id.')),
    name: Type.Optional(textOrNull('The playlist name.')),
    uri: Type.Optional(textOrNull('The `spotify:playlist:` URI.')),
  },
  {
    $id: 'Playlist',
    additionalProperties: true,
    description:
      "Spotify's simplified playlist, unchanged: it has more members than these, and any can be absent.",
  },
)

const LINK = { format: 'uri-reference' }

/** The members of Spotify's paging object; links point to this service. */
const paging = {
  href: Type.String({ ...LINK, description: 'The URL of this response.' }),
  limit: Type.Integer({ minimum: 0, description: 'The number of items.' }),
  next: textOrNull('The window after this one.', LINK),
  offset: Type.Integer({ minimum: 0, description: 'The number of playlists before this window.' }),
  previous: textOrNull('The window before this one.', LINK),
  total: Type.Integer({ minimum: 0, description: 'The total number of playlists.' }),
  items: Type.Array(refTo(playlistSchema), { description: 'The playlists.' }),
}

const listSchema = Type.Object(
  {
    ...paging,
    complete: Type.Boolean({
      description:
        "Whether the list is known to contain every playlist exactly once, by Spotify's count.",
    }),
    explanation: Type.Optional(
      Type.String({
        description: 'Only if `total` is 0: tells people why, and what the id looks like.',
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
    limit: Type.Integer({
      minimum: 0,
      maximum: 50,
      description: 'The requested limit, 20 by default.',
    }),
  },
  { $id: 'PlaylistsPage', additionalProperties: false, description: "Spotify's paging object." },
)

const errorSchema = Type.Object(
  {
    status: Type.Integer({ description: 'The status of the response.' }),
    message: Type.String({ description: 'What is wrong, and what to do.' }),
  },
  { additionalProperties: false, description: 'The error object for Spotify clients.' },
)

const problemSchema = Type.Object(
  {
    type: Type.String({
      format: 'uri-reference',
      description: 'The stable problem kind, a relative URI. The last segment names the kind.',
    }),
    title: Type.String({ description: 'The problem kind in a few words.' }),
    status: Type.Integer({ description: 'The status of the response.' }),
    detail: Type.String({ description: 'What is wrong in this case, and what to do.' }),
    instance: Type.String({
      description: 'The request path, without parameters and truncated to 256 characters.',
    }),
    request_id: Type.String({ description: 'Identifies this case in the service log.' }),
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

/** Adds the schemas that routes refer to by name. Call this before registering routes. */
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
