import {
  AuthorizationResponseError,
  type AuthorizationServer,
  authorizationCodeGrantRequest,
  type Client,
  type ClientAuth,
  calculatePKCECodeChallenge,
  processAuthorizationCodeResponse,
  processRefreshTokenResponse,
  refreshTokenGrantRequest,
  validateAuthResponse,
} from 'oauth4webapi'
import {
  type Grant,
  requestGrant,
  type TokenRequestOptions,
  unusableGrant,
} from './token-request.ts'

export interface OAuthOptions extends TokenRequestOptions {
  authorizeUrl: URL
  clientId: string
  clientSecret: string
  redirectUri: string
}

/** What Spotify grants after a consent. */
export type ConsentGrant = Grant & { readonly refreshToken: string }

/**
 * The client for the authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636).
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
   * The address where the account owner agrees. It requests no scope, so only public information. `show_dialog`
   * makes Spotify always show the page, since the browser might be signed in to another account.
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
   * Exchanges the code in the callback query for tokens. Returns `declined` if the owner did not agree, and
   * `invalid` if the query or code is wrong, old or used.
   *
   * @throws {Problem} if the token endpoint cannot answer.
   */
  async exchange(
    callback: URLSearchParams,
    state: string,
    verifier: string,
  ): Promise<ConsentGrant | 'declined' | 'invalid'> {
    const parameters = this.#validated(callback, state)
    if (typeof parameters === 'string') return parameters
    const { redirectUri } = this.#options
    const grant = await requestGrant(this.#options, {}, async options =>
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
    if (grant === undefined) return 'invalid'
    const { refreshToken } = grant
    if (refreshToken === undefined) throw unusableGrant()
    return { ...grant, refreshToken }
  }

  /**
   * Renews the access token. Returns undefined if Spotify answers `invalid_grant`: the refresh token has ended,
   * or the answer is false, as can happen in an outage.
   *
   * @throws {Problem} if the token endpoint cannot answer, or the service has stopped.
   */
  async refresh(refreshToken: string): Promise<Grant | undefined> {
    this.#options.signal.throwIfAborted()
    // Spotify might have replaced the token even if the response was lost. So we send the request once, and do
    // not cancel it when the service stops.
    const uncancelled = { ...this.#options, signal: new AbortController().signal }
    return requestGrant(uncancelled, { mayResend: async () => false }, async options =>
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

  /** Returns the callback parameters if valid for this state, or what is wrong with them. */
  #validated(callback: URLSearchParams, state: string): URLSearchParams | 'declined' | 'invalid' {
    try {
      const parameters = validateAuthResponse(this.#server, this.#client, callback, state)
      const [code, ...others] = parameters.getAll('code')
      return code && others.length === 0 ? parameters : 'invalid'
    } catch (error) {
      const isDeclined =
        error instanceof AuthorizationResponseError && error.error === 'access_denied'
      return isDeclined ? 'declined' : 'invalid'
    }
  }

  /** oauth4webapi would percent-encode the credentials, but Spotify does not decode them. */
  readonly #authenticate: ClientAuth = (_server, _client, _body, headers) => {
    const { clientId, clientSecret } = this.#options
    const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
    headers.set('authorization', `Basic ${credentials}`)
  }
}
