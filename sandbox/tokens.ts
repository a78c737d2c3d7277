import { createHash } from 'node:crypto'
import type { Grant } from './grants.ts'

export type TokenState = 'valid' | 'expired' | 'unknown'

/** The user and the scopes of an access token. */
export interface TokenUser {
  readonly grant: Grant
  readonly scope: string
}

/** Opaque access tokens of the app and of users, the same sequence in every sandbox. */
export class Tokens {
  readonly issued: string[] = []
  readonly #now: () => number
  readonly #expiresAtMs = new Map<string, number>()
  readonly #users = new Map<string, TokenUser>()

  /** `now` is in epoch milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Issues an app token, or a token of `user`. */
  issue(lifetimeSeconds: number, user?: TokenUser): string {
    const token = opaque('BQ', `token ${this.issued.length}`)
    this.issued.push(token)
    this.#expiresAtMs.set(token, this.#now() + lifetimeSeconds * 1000)
    if (user !== undefined) this.#users.set(token, user)
    return token
  }

  /** The user of a token; undefined for an app token. */
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
 * A text that depends on the seed alone, so every sandbox issues the same sequence. It is longer than the
 * recorded 86 characters, since a client must not assume a length.
 */
export function opaque(prefix: string, seed: string): string {
  const halves = [seed, `${seed}, second half`].map(text =>
    createHash('sha512').update(text).digest('base64url'),
  )
  return prefix + halves.join('')
}
