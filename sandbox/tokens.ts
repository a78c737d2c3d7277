import { createHash } from 'node:crypto'
import type { Grant } from './grants.ts'

export type TokenState = 'valid' | 'expired' | 'unknown'

/** An access token's user and scopes. */
export interface TokenUser {
  readonly grant: Grant
  readonly scope: string
}

/** Opaque access tokens for the app and for users, the same sequence in every sandbox. */
export class Tokens {
  readonly issued: string[] = []
  readonly #now: () => number
  readonly #expiresAtMs = new Map<string, number>()
  readonly #users = new Map<string, TokenUser>()

  /** `now` is in epoch milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Issues an app token, or a token for `user`. */
  issue(lifetimeSeconds: number, user?: TokenUser): string {
    const token = opaque('BQ', `token ${this.issued.length}`)
    this.issued.push(token)
    this.#expiresAtMs.set(token, this.#now() + lifetimeSeconds * 1000)
    if (user !== undefined) this.#users.set(token, user)
    return token
  }

  /** Returns a token's user; undefined for an app token. */
  user(token: string): TokenUser | undefined {
    return this.#users.get(token)
  }

  state(token: string): TokenState {
    const expiresAtMs = this.#expiresAtMs.get(token)
    if (expiresAtMs === undefined) return 'unknown'
    return this.#now() < expiresAtMs ? 'valid' : 'expired'
  }

  /** Expires every token so far. */
  revokeAll(): void {
    for (const token of this.issued) this.#expiresAtMs.set(token, Number.NEGATIVE_INFINITY)
  }
}

/**
 * Returns a text that depends only on the seed, so every sandbox issues the same sequence. The text is longer
 * than the recorded 86 characters, since a client must not assume a length.
 */
export function opaque(prefix: string, seed: string): string {
  const halves = [seed, `${seed}, second half`].map(text =>
    createHash('sha512').update(text).digest('base64url'),
  )
  return prefix + halves.join('')
}
