import {
  AuthorizationResponseError,
  type AuthorizationServer,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  type Client,
  type ClientAuth,
  type CustomFetchOptions,
  calculatePKCECodeChallenge,
  customFetch,
  processAuthorizationCodeResponse,
  processRefreshTokenResponse,
  refreshTokenGrantRequest,
  type TokenEndpointRequestOptions,
  type TokenEndpointResponse,
  validateAuthResponse,
} from 'oauth4webapi'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../problems/problem.ts'
import { observed, type RequestObserver } from '../spotify/request-observer.ts'
import { type IssuedToken, readToken } from '../spotify/token-policy.ts'
import type { SendOptions, SpotifyResponse, Transport } from '../spotify/transport.ts'

export interface OAuthOptions {
  /** To the origin of `tokenUrl`. */
  transport: Transport
  tokenUrl: URL
  authorizeUrl: URL
  clientId: string
  clientSecret: string
  redirectUri: string
  clock: Clock
  observe: RequestObserver
  /** Aborted when the service stops. */
  signal: AbortSignal
}

/** What the token endpoint granted. */
export interface Grant {
  readonly accessToken: string
  readonly lifetimeMs: number
  /** Undefined if the refresh token that was sent stays valid. */
  readonly refreshToken: string | undefined
  /** Space-separated; empty if only public information may be read. */
  readonly scope: string
}

/** The outcome of a consent. */
export type Consent =
  | { readonly kind: 'granted'; readonly grant: Grant & { readonly refreshToken: string } }
  /** The owner declined. */
  | { readonly kind: 'declined' }
  /** The code or the address with it is wrong, old or used. */
  | { readonly kind: 'invalid' }

/**
 * The client of the authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636).
 * https://developer.spotify.com/documentation/web-api/tutorials/code-flow
 */
export class OAuthClient {
  readonly #options: OAuthOptions
  readonly #server: AuthorizationServer
  readonly #client: Client

  constructor(options: OAuthOptions) {
    this.#options = options
    const { tokenUrl, authorizeUrl, clientId } = options
    this.#server = { issuer: authorizeUrl.origin, token_endpoint: tokenUrl.href }
    this.#client = { client_id: clientId }
  }

  /**
   * The address at which the owner of an account agrees. It asks for no scope, so for what is public, and
   * always shows the page, since the browser may be signed in to another account.
   */
  async authorizationUrl(state: string, verifier: string): Promise<string> {
    const { authorizeUrl, clientId, redirectUri } = this.#options
    const url = new URL(authorizeUrl)
    const parameters = {
      client_id: clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      state,
      show_dialog: 'true',
      code_challenge_method: 'S256',
      code_challenge: await calculatePKCECodeChallenge(verifier),
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return url.href
  }

  /**
   * Exchanges the code in the query of the callback for tokens.
   *
   * @throws {Problem} if the token endpoint cannot answer.
   */
  async exchange(callback: URLSearchParams, state: string, verifier: string): Promise<Consent> {
    const parameters = this.#validated(callback, state)
    if ('kind' in parameters) return parameters
    const { redirectUri } = this.#options
    const grant = await this.#granted({}, async options =>
      processAuthorizationCodeResponse(
        this.#server,
        this.#client,
        await authorizationCodeGrantRequest(
          this.#server,
          this.#client,
          this.#authenticate,
          parameters,
          redirectUri,
          verifier,
          options,
        ),
      ),
    )
    if (grant === undefined) return { kind: 'invalid' }
    if (grant.refreshToken === undefined) throw unusable()
    return { kind: 'granted', grant: { ...grant, refreshToken: grant.refreshToken } }
  }

  /**
   * Renews the access token. Undefined if Spotify answers `invalid_grant`: the refresh token has ended, or
   * so Spotify says in an outage.
   *
   * @throws {Problem} if the token endpoint cannot answer.
   */
  refresh(refreshToken: string): Promise<Grant | undefined> {
    // Spotify may have replaced the token although its response was lost, so the request is sent once.
    return this.#granted({ mayResend: async () => false }, async options =>
      processRefreshTokenResponse(
        this.#server,
        this.#client,
        await refreshTokenGrantRequest(
          this.#server,
          this.#client,
          this.#authenticate,
          refreshToken,
          options,
        ),
      ),
    )
  }

  /** The parameters of a callback with this state, or what is wrong with them. */
  #validated(
    callback: URLSearchParams,
    state: string,
  ): URLSearchParams | Exclude<Consent, Granted> {
    try {
      const parameters = validateAuthResponse(this.#server, this.#client, callback, state)
      const [code, ...others] = parameters.getAll('code')
      return code && others.length === 0 ? parameters : { kind: 'invalid' }
    } catch (error) {
      const isDeclined =
        error instanceof AuthorizationResponseError && error.error === 'access_denied'
      return { kind: isDeclined ? 'declined' : 'invalid' }
    }
  }

  /** Spotify decodes no percent-encoding in the field, which oauth4webapi would apply. */
  readonly #authenticate: ClientAuth = (_server, _client, _body, headers) => {
    const { clientId, clientSecret } = this.#options
    const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
    headers.set('authorization', `Basic ${credentials}`)
  }

  /** Sends one token request. Undefined if Spotify answers `invalid_grant`. */
  async #granted(
    sendOptions: SendOptions,
    request: (options: TokenEndpointRequestOptions) => Promise<TokenEndpointResponse>,
  ): Promise<Grant | undefined> {
    let issued: IssuedToken | undefined
    const send = async (_url: string, { body, headers }: TokenRequest): Promise<Response> => {
      const answer = await this.#send(headers, String(body), sendOptions)
      issued = answer.issued
      return answer.response
    }
    const isInsecure = this.#options.tokenUrl.protocol === 'http:'
    try {
      const tokens = await request({ [customFetch]: send, [allowInsecureRequests]: isInsecure })
      const { value, lifetimeMs } = issued as IssuedToken
      const { refresh_token: refreshToken, scope = '' } = tokens
      return { accessToken: value, lifetimeMs, refreshToken, scope }
    } catch (error) {
      if (error instanceof InvalidGrant) return undefined
      // The causes of other errors have tokens in them.
      throw error instanceof Problem ? error : unusable()
    }
  }

  /** Judges the response before oauth4webapi sees it, since 429, 5xx and HTML are no OAuth responses. */
  #send(
    headers: Record<string, string>,
    body: string,
    sendOptions: SendOptions,
  ): Promise<{ issued: IssuedToken; response: Response }> {
    const { transport, tokenUrl, clock, signal } = this.#options
    const path = `${tokenUrl.pathname}${tokenUrl.search}`
    const request = {
      method: 'POST',
      path,
      headers: { ...headers, 'accept-encoding': 'gzip' },
      body,
    } as const
    return observed(this.#options, 'token', signal, async () => {
      const response = await transport.send(request, signal, sendOptions)
      if (isInvalidGrant(response)) throw new InvalidGrant()
      const issued = readToken(response, clock.now())
      return { issued, response: Response.json(withoutEmpty(JSON.parse(response.body))) }
    })
  }
}

type Granted = Extract<Consent, { kind: 'granted' }>
type TokenRequest = CustomFetchOptions<'POST', URLSearchParams>

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

/** An empty or null refresh token is none. */
function withoutEmpty(body: Record<string, unknown>): object {
  const present = Object.entries(body).filter(([, value]) => value !== null && value !== '')
  return { token_type: 'Bearer', ...Object.fromEntries(present) }
}

function unusable(): Problem {
  const detail =
    'The response of the token endpoint is unusable: it does not grant what was asked for.'
  return new Problem('spotify-bad-response', detail)
}
