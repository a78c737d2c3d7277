import {
  allowInsecureRequests,
  type CustomFetchOptions,
  customFetch,
  type TokenEndpointRequestOptions,
  type TokenEndpointResponse,
} from 'oauth4webapi'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../problems/problem.ts'
import { observed, type RequestObserver, type TokenGrant } from '../spotify/request-observer.ts'
import { type IssuedToken, readToken } from '../spotify/token-policy.ts'
import type { SendOptions, SpotifyResponse, Transport } from '../spotify/transport.ts'

export interface TokenRequestOptions {
  /** To the origin of `tokenUrl`. */
  transport: Transport
  tokenUrl: URL
  clock: Clock
  observe: RequestObserver
  /** Aborted when the service stops. */
  signal: AbortSignal
}

/** What the token endpoint granted. */
export interface Grant {
  readonly accessToken: string
  readonly lifetimeMs: number
  /** Undefined if the existing refresh token stays valid. */
  readonly refreshToken: string | undefined
  /** Space-separated; empty if only public information may be read. */
  readonly scope: string
}

/**
 * Sends a token request using oauth4webapi, over our own transport. Returns undefined if Spotify answers
 * `invalid_grant`.
 *
 * @throws {Problem} if the token endpoint cannot answer. The problem's causes never contain tokens.
 */
export async function requestGrant(
  options: TokenRequestOptions,
  sendOptions: SendOptions,
  request: (options: TokenEndpointRequestOptions) => Promise<TokenEndpointResponse>,
): Promise<Grant | undefined> {
  let issued: IssuedToken | undefined
  const fetch = async (_url: string, tokenRequest: TokenRequest): Promise<Response> => {
    const answer = await send(tokenRequest, options, sendOptions)
    issued = answer.issued
    return answer.response
  }
  const isInsecure = options.tokenUrl.protocol === 'http:'
  try {
    const tokens = await request({ [customFetch]: fetch, [allowInsecureRequests]: isInsecure })
    const { value, lifetimeMs } = issued as IssuedToken
    const { refresh_token: refreshToken, scope = '' } = tokens
    return { accessToken: value, lifetimeMs, refreshToken, scope }
  } catch (error) {
    if (error instanceof InvalidGrant) return undefined
    // The causes of other errors might contain tokens.
    throw error instanceof Problem ? error : unusableGrant()
  }
}

/** The problem for a response rejected by oauth4webapi, or lacking what was asked for. */
export function unusableGrant(): Problem {
  const detail =
    'The response of the token endpoint is unusable: it does not grant what was asked for.'
  return new Problem('spotify-bad-response', detail)
}

type TokenRequest = CustomFetchOptions<'POST', URLSearchParams>

/** Judges the response before oauth4webapi sees it, since 429, 5xx and HTML are no OAuth responses. */
function send(
  { headers, body }: TokenRequest,
  options: TokenRequestOptions,
  sendOptions: SendOptions,
): Promise<{ issued: IssuedToken; response: Response }> {
  const { transport, tokenUrl, clock, signal } = options
  const request = {
    method: 'POST',
    path: `${tokenUrl.pathname}${tokenUrl.search}`,
    headers: { ...headers, 'accept-encoding': 'gzip' },
    body: String(body),
  } as const
  const grant = body.get('grant_type') as TokenGrant
  return observed(options, grant, signal, async () => {
    const response = await transport.send(request, signal, sendOptions)
    if (isInvalidGrant(response)) throw new InvalidGrant()
    const issued = readToken(response, clock.now())
    return { issued, response: Response.json(withoutEmpty(JSON.parse(response.body))) }
  })
}

/** The grant has ended, is used up, or was made for another redirect URI or verifier. */
class InvalidGrant extends Problem {
  constructor() {
    super('spotify-access-denied', 'Spotify does not accept the grant.', { originStatus: 400 })
  }
}

/** Spotify's descriptions of `invalid_grant` change, so only the code counts. */
function isInvalidGrant({ status, body }: SpotifyResponse): boolean {
  return status === 400 && /"error"\s*:\s*"invalid_grant"/.test(body)
}

/** Drops empty and null members, since an empty or null refresh token counts as absent. */
function withoutEmpty(body: Record<string, unknown>): object {
  const present = Object.entries(body).filter(([, value]) => value !== null && value !== '')
  return { token_type: 'Bearer', ...Object.fromEntries(present) }
}
