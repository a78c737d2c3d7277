import { createHash } from 'node:crypto'

export type TokenState = 'valid' | 'expired' | 'unknown'

/** Opaque app tokens, the same sequence in every sandbox. */
export class Tokens {
  readonly issued: string[] = []
  readonly #now: () => number
  readonly #expiresAtMs = new Map<string, number>()

  /** `now` is in epoch milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  issue(lifetimeSeconds: number): string {
    const seed = `token ${this.issued.length}`
    // Longer than the recorded 86 characters: a client must not assume a length.
    const bytes = Buffer.concat([sha512(seed), sha512(`${seed}, second half`)])
    const token = `BQ${bytes.toString('base64url')}`
    this.issued.push(token)
    this.#expiresAtMs.set(token, this.#now() + lifetimeSeconds * 1000)
    return token
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

function sha512(text: string): Buffer {
  return createHash('sha512').update(text).digest()
}
