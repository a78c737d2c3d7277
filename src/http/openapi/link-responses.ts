import { Type } from 'typebox'
import { GUARD_PROBLEMS, problemResponsesFor } from './problem-responses.ts'
import { commonHeaders, noReferrer, noStore, rateLimitHeaders } from './response-headers.ts'
import { jsonResponse } from './responses.ts'
import { textOrNull } from './schemas.ts'

/** The problems on every admin route. */
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
      '`active`: the link works. `doubtful`: Spotify said once that the consent has ended. `refused`: Spotify refuses this link for now. `ended`: the consent has ended. `mismatch`: the account has a different user id. `unreadable`: the service cannot decrypt the record.',
  }),
  linked_at: instantOrNull('When the owner agreed; null for an ended link.'),
  consent_ends_at: instantOrNull('When the consent ends or ended.'),
  last_used_at: instantOrNull('When the list was last read; null if not read since startup.'),
  reason: textOrNull('Why the link does not work.'),
  remedy: textOrNull('What can be done about it.'),
})

/** Responses to an invitation request. */
export const invitationResponses = {
  201: jsonResponse(
    'The invitation.',
    Type.Object({
      user: userId,
      page: Type.String({ format: 'uri', description: 'The address for the owner.' }),
      expires_at: instant('The deadline for linking the account with this address.'),
    }),
    headers,
  ),
  ...problemResponsesFor([...ADMIN_PROBLEMS, 'invalid-user-id', 'internal-error']),
}

/** Responses with the list of links. */
export const linksResponses = {
  200: jsonResponse(
    'The linked accounts.',
    Type.Object({
      redirect_uri: Type.String({
        format: 'uri',
        description: 'The redirect URI to register for the app in the Spotify developer dashboard.',
      }),
      links: Type.Array(linkSchema, { description: 'All links, including ended ones.' }),
    }),
    headers,
  ),
  ...problemResponsesFor(ADMIN_PROBLEMS),
}

/** Responses to an unlink request. */
export const unlinkResponses = {
  204: {
    type: 'null',
    description: 'The account is no longer linked.',
    headers: { ...commonHeaders, ...headers },
  },
  ...problemResponsesFor([...ADMIN_PROBLEMS, 'invalid-user-id', 'internal-error']),
}
