import { WaitingCallers } from '../lib/waiting-callers.ts'
import { Problem } from '../problems/problem.ts'
import { linkSubject } from '../spotify/gate/gate-evidence.ts'
import { linkDenied } from '../spotify/gate/linked-denials.ts'
import { responseProblem } from '../spotify/page-response.ts'
import { observed } from '../spotify/request-observer.ts'
import { sendGet, type WebApi } from '../spotify/send-get.ts'
import type { SpotifyResponse } from '../spotify/transport.ts'

export interface ProfileOptions extends WebApi {
  /** The maximum time an owner waits for the profile, in milliseconds. */
  timeoutMs: number
  /** Aborted when the service stops. */
  signal: AbortSignal
}

/** The token owner. */
export interface Profile {
  /** In lower case. */
  readonly userId: string
  /** The account id, unaffected by renaming; undefined if Spotify does not send it. */
  readonly accountId: string | undefined
}

/**
 * Reads the token owner's profile, through the gate and the budget.
 * https://developer.spotify.com/documentation/web-api/reference/get-current-users-profile
 *
 * @throws {Problem} the problem shown by the response, or why the gate lets no request pass.
 */
export function readProfile(accessToken: string, options: ProfileOptions): Promise<Profile> {
  const { gate, clock, timeoutMs, signal } = options
  const getOptions = { token: accessToken, signal, isRevalidation: false, onRequest: () => {} }
  const send = (path: string): Promise<SpotifyResponse> =>
    observed(options, 'page', signal, async () => {
      const response = await sendGet(options, path, getOptions)
      if (response.status === 401) throw linkDenied(401, response.body)
      if (response.status !== 200) throw responseProblem(response, clock.now(), linkDenied)
      return response
    })
  const deadlineMs = clock.monotonic() + timeoutMs
  return gate.pass(async () => profileIn(await send('/me')), {
    subject: linkSubject('that is being made'),
    callers: new WaitingCallers('owner'),
    isRevalidation: false,
    signal,
    startByMs: deadlineMs,
    retryByMs: deadlineMs,
    probe: path => send(`${path}?limit=1&offset=0`),
  })
}

function profileIn({ body }: SpotifyResponse): Profile {
  const { id, account_id: accountId } = parsed(body)
  if (typeof id !== 'string' || id === '') {
    throw new Problem(
      'spotify-bad-response',
      'The response of Spotify is unusable: it is not the profile of a user.',
      { originStatus: 200 },
    )
  }
  return {
    userId: id.toLowerCase(),
    accountId: typeof accountId === 'string' ? accountId : undefined,
  }
}

/** Parses JSON; returns an empty object for null or invalid JSON. */
function parsed(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body) ?? {}
  } catch {
    return {}
  }
}
