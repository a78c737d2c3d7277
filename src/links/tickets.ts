import { randomUUID } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { Sealer } from './sealing.ts'

/** How long an invitation can link an account. */
export const INVITATION_MS = 24 * 3_600_000
const STATE_MS = 10 * 60_000
/**
 * How many used states to remember: far more than people use in ten minutes. A forgotten state could be used
 * twice, but the code that Spotify sent with it could not.
 */
const MAX_USED = 10_000

/** The content of the sealed address of an owner's page. */
export interface OwnerTicket {
  readonly userId: string
  /** When the invitation was made, epoch ms; undefined for the page of a link that exists. */
  readonly invitedAt: number | undefined
  /** The id of the link that the page shows; undefined for an invitation. */
  readonly linkId: string | undefined
}

/** The content of the sealed `state` of an authorization request. */
export interface Authorization {
  readonly userId: string
  readonly verifier: string
}

/** The content of a `state` that Spotify sent back. */
export interface Redeemed extends Authorization {
  /** When the `state` was made, epoch ms. */
  readonly issuedAt: number
}

/**
 * Makes and opens the sealed texts that people carry: the addresses for owners, and the `state` that Spotify
 * sends back. The service stores none of them; it only remembers which states were used.
 */
export class Tickets {
  readonly #sealer: Sealer
  readonly #clock: Clock
  /** The nonces of used states, with the end of their states in epoch ms; the oldest first. */
  readonly #used = new Map<string, number>()

  constructor(sealer: Sealer, clock: Clock) {
    this.#sealer = sealer
    this.#clock = clock
  }

  /** A ticket with which the owner of a user's account can link it within 24 hours. */
  async invite(userId: string): Promise<{ ticket: string; expiresAt: number }> {
    const invitedAt = this.#clock.now()
    const expiresAt = invitedAt + INVITATION_MS
    const ticket = await this.#sealer.seal('invitation', { userId, invitedAt, expiresAt })
    return { ticket, expiresAt }
  }

  /** A ticket for the page of a link, valid as long as the link exists. */
  pageOf(userId: string, linkId: string): Promise<string> {
    return this.#sealer.seal("owner's page", { userId, linkId })
  }

  /** Opens a ticket of an owner; undefined if the text is no ticket, or too old. */
  async owner(ticket: string): Promise<OwnerTicket | undefined> {
    const [invitation, page] = await Promise.all([
      this.#sealer.open('invitation', ticket),
      this.#sealer.open("owner's page", ticket),
    ])
    if (page !== undefined) {
      return { invitedAt: undefined, ...(page.value as { userId: string; linkId: string }) }
    }
    const { userId, invitedAt, expiresAt } = (invitation?.value ?? { expiresAt: 0 }) as Invitation
    return this.#clock.now() < expiresAt ? { userId, invitedAt, linkId: undefined } : undefined
  }

  /** The `state` of one authorization request, valid for ten minutes. */
  state(authorization: Authorization): Promise<string> {
    const expiresAt = this.#clock.now() + STATE_MS
    const nonce = randomUUID()
    return this.#sealer.seal('authorization state', { ...authorization, nonce, expiresAt })
  }

  /**
   * Uses up a state. Undefined if the text is no state, or one that is too old or used. With `userId`, the
   * state must be for that user; a ticket of another user does not use the state up.
   */
  async redeem(state: string, userId?: string): Promise<Redeemed | undefined> {
    const opened = await this.#sealer.open('authorization state', state)
    const { nonce, expiresAt, ...authorization } = (opened?.value ?? { expiresAt: 0 }) as State
    const now = this.#clock.now()
    if (now >= expiresAt || this.#used.has(nonce)) return undefined
    if (userId !== undefined && authorization.userId !== userId) return undefined
    for (const [used, endsAt] of this.#used) {
      if (now < endsAt && this.#used.size < MAX_USED) break
      this.#used.delete(used)
    }
    this.#used.set(nonce, expiresAt)
    return { ...authorization, issuedAt: expiresAt - STATE_MS }
  }
}

interface Invitation {
  userId: string
  invitedAt: number
  expiresAt: number
}

interface State extends Authorization {
  nonce: string
  expiresAt: number
}
