import { createHash } from 'node:crypto'
import { opaque } from './tokens.ts'

/** A code is valid for ten minutes. */
const CODE_LIFETIME_MS = 600_000
/** Six months; the shortest six in a row have 181 days. */
const GRANT_LIFETIME_MS = 181 * 86_400_000
/** Six months; the longest six in a row have 184 days. */
const SIX_MONTHS_MS = 184 * 86_400_000

/** A user's consent to the app. A second consent is another grant. */
export interface Grant {
  /** The user's current id. */
  userId: string
  readonly scope: string
  /** Epoch milliseconds. */
  consentAtMs: number
  isRevoked: boolean
}

/** The authorization request parameters that the token request has to match. */
export interface CodeRequest {
  readonly redirectUri: string
  /** The verifier's S256; undefined without PKCE (RFC 7636). */
  readonly challenge: string | undefined
}

interface Code extends CodeRequest {
  readonly grant: Grant
  readonly expiresAtMs: number
}

/** The app's grants, with codes and refresh tokens. */
export class Grants {
  readonly issuedCodes: string[] = []
  readonly issuedRefreshTokens: string[] = []
  readonly #now: () => number
  readonly #grants: Grant[] = []
  readonly #codes = new Map<string, Code>()
  readonly #refreshTokens = new Map<string, Grant>()

  /** `now` is in epoch milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether the user has consented to these scopes. */
  has(userId: string, scope: string): boolean {
    const wanted = scope.split(' ').filter(name => name !== '')
    return this.#of(userId).some(
      grant => this.#isAlive(grant) && wanted.every(name => grant.scope.split(' ').includes(name)),
    )
  }

  /** Records a consent and returns its code. */
  consent(userId: string, scope: string, request: CodeRequest): string {
    const grant = { userId, scope, consentAtMs: this.#now(), isRevoked: false }
    this.#grants.push(grant)
    const code = opaque('AQ', `code ${this.issuedCodes.length}`)
    this.issuedCodes.push(code)
    this.#codes.set(code, { ...request, grant, expiresAtMs: this.#now() + CODE_LIFETIME_MS })
    return code
  }

  /** Uses up a code. Returns the grant, or the reason for the refusal. */
  redeem(code: string, redirectUri: string | null, verifier: string | null): Grant | string {
    const known = this.#codes.get(code)
    this.#codes.delete(code)
    if (known === undefined || !this.#isAlive(known.grant)) return 'Invalid authorization code'
    if (this.#now() >= known.expiresAtMs) return 'Authorization code expired'
    if (redirectUri !== known.redirectUri) return 'Invalid redirect URI'
    const challenge = verifier === null ? undefined : challengeOf(verifier)
    return challenge === known.challenge ? known.grant : 'code_verifier was incorrect'
  }

  /** Issues a refresh token. */
  refreshToken(grant: Grant): string {
    const token = opaque('AQ', `refresh token ${this.issuedRefreshTokens.length}`)
    this.issuedRefreshTokens.push(token)
    this.#refreshTokens.set(token, grant)
    return token
  }

  /** Returns a refresh token's grant; undefined if the token or the grant has ended. */
  grantOf(refreshToken: string): Grant | undefined {
    const grant = this.#refreshTokens.get(refreshToken)
    return grant !== undefined && this.#isAlive(grant) ? grant : undefined
  }

  endRefreshToken(token: string): void {
    this.#refreshTokens.delete(token)
  }

  /** Ends all of a user's grants, as if the user had removed the app; access tokens stay valid. */
  revoke(userId: string): void {
    for (const grant of this.#of(userId)) grant.isRevoked = true
  }

  /** Makes all of a user's grants six months older. */
  age(userId: string): void {
    for (const grant of this.#of(userId)) grant.consentAtMs -= SIX_MONTHS_MS
  }

  /** Moves a user's grants to the account's new id. */
  rename(from: string, to: string): void {
    for (const grant of this.#of(from)) grant.userId = to
  }

  #of(userId: string): Grant[] {
    return this.#grants.filter(grant => grant.userId === userId)
  }

  #isAlive({ isRevoked, consentAtMs }: Grant): boolean {
    return !isRevoked && this.#now() < consentAtMs + GRANT_LIFETIME_MS
  }
}

/** Returns the S256 challenge for a verifier (RFC 7636 section 4.2). */
function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}
