import { Type } from 'typebox'
import { GUARD_PROBLEMS, problemResponsesFor } from './problem-responses.ts'
import { commonHeaders, noReferrer, noStore, rateLimitHeaders } from './response-headers.ts'
import { jsonResponse } from './responses.ts'
import { textOrNull } from './schemas.ts'

/** The problems of every route for administrators. */
const ADMIN_PROBLEMS = [...GUARD_PROBLEMS, 'not-admin'] as const

const headers = {
  ...noStore,
  ...rateLimitHeaders,
  ...noReferrer,
}
const userId = Type.String({ description: 'The canonical user id.' })
const instant = (description: string) => Type.String({ format: 'date-time', description })
const instantOrNull = (description: string) => textOrNull(description, { format: 'date-time' })

const linkSchema = Type.Object({
  user: userId,
  state: Type.Enum(['active', 'doubtful', 'refused', 'ended', 'mismatch', 'unreadable'], {
    description:
      '`active`: the link works. `doubtful`: Spotify said once that the consent has ended. `refused`: Spotify refuses this link for now. `ended`: the consent has ended. `mismatch`: the account belongs to another user id. `unreadable`: the service cannot decrypt the record.',
  }),
  linked_at: instantOrNull('When the owner agreed; null if the link has ended.'),
  consent_ends_at: instantOrNull('When the consent ends, or when it ended.'),
  last_used_at: instantOrNull('When the list was last read; null if not since the start.'),
  reason: textOrNull('Why the link does not work.'),
  remedy: textOrNull('What a person can do about it.'),
})

/** The responses of an invitation. */
export const invitationResponses = {
  201: jsonResponse(
    'The invitation.',
    Type.Object({
      user: userId,
      page: Type.String({ format: 'uri', description: 'The address for the owner.' }),
      expires_at: instant('Until when the address can link the account.'),
    }),
    headers,
  ),
  ...problemResponsesFor([...ADMIN_PROBLEMS, 'invalid-user-id', 'internal-error']),
}

/** The responses of the list of links. */
export const linksResponses = {
  200: jsonResponse(
    'The linked accounts.',
    Type.Object({
      redirect_uri: Type.String({
        format: 'uri',
        description: 'The redirect URI that the app needs in the Spotify developer dashboard.',
      }),
      links: Type.Array(linkSchema, { description: 'All links, also those that have ended.' }),
    }),
    headers,
  ),
  ...problemResponsesFor(ADMIN_PROBLEMS),
}

/** The responses of an unlinking. */
export const unlinkResponses = {
  204: {
    type: 'null',
    description: 'There is no link to this account any more.',
    headers: { ...commonHeaders, ...headers },
  },
  ...problemResponsesFor([...ADMIN_PROBLEMS, 'invalid-user-id', 'internal-error']),
}
