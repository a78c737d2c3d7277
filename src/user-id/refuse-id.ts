import { Problem } from '../problems/problem.ts'

const PARAMETER = 'Parameter "id": '
const WHERE_TO_FIND_IT =
  'Open the profile in Spotify, choose "Copy link to profile" and send that link percent-encoded, or only its part after /user/.'

/**
 * Refuses a user id. `reason` is a sentence for the caller.
 *
 * @throws {Problem} `invalid-user-id`, always
 */
export function refuseId(reason: string, cause?: unknown): never {
  throw new Problem('invalid-user-id', `${PARAMETER}${reason} ${WHERE_TO_FIND_IT}`, { cause })
}

/** Extracts the reason from a problem message, for a form that already says where to find a user id. */
export function reasonOf(message: string): string {
  return message.replace(PARAMETER, '').replace(` ${WHERE_TO_FIND_IT}`, '')
}
