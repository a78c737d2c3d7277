import { randomUUID } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { Sealer } from './sealing.ts'

/** How long an invitation can link an account. */
export const INVITATION_MS = 24 * 3_600_000
const STATE_MS = 10 * 60_000
/**
 * How many used states to remember: far more than people use in ten minutes. If this process forgets a
 * state, somebody could use it twice, but Spotify accepts the code in the same callback only once.
 */
const MAX_USED = 10_000

/** The sealed content in the address of an owner's page. */
export interface OwnerTicket {
  readonly userId: string
  /** When the invitation was made, epoch ms; undefined for an existing link's page. */
  readonly invitedAt: number | undefined
  /** The id of the link shown on the page; undefined for an invitation. */
  readonly linkId: string | undefined
}

/** The sealed content of an authorization request's `state`. */
export interface Authorization {
  readonly userId: string
  readonly verifier: string
}

/** The content of a `state` sent back by Spotify. */
export interface Redeemed extends Authorization {
  /** When the `state` was made, epoch ms. */
  readonly issuedAt: number
}

/**
 * Makes and opens the sealed texts people carry: the addresses for owners, and the `state` sent back by
 * Spotify. The service does not store them; it only remembers used states.
 */
export class Tickets {
  readonly #sealer: Sealer
  readonly #clock: Clock
  /** The nonces of used states, with when each state expires in epoch ms; oldest first. */
  readonly #used = new Map<string, number>()

  constructor(sealer: Sealer, clock: Clock) {
    this.#sealer = sealer
    this.#clock = clock
  }

  /** Makes a ticket that lets the account owner link the account within 24 hours. */
  async invite(userId: string): Promise<{ ticket: string; expiresAt: number }> {
    const invitedAt = this.#clock.now()
    const expiresAt = invitedAt + INVITATION_MS
    const ticket = await this.#sealer.seal('invitation', { userId, invitedAt, expiresAt })
    return { ticket, expiresAt }
  }

  /** Makes a ticket for a link's page, valid as long as the link exists. */
  pageOf(userId: string, linkId: string): Promise<string> {
    return this.#sealer.seal("owner's page", { userId, linkId })
  }

  /** Opens an owner's ticket; undefined if the text is not a ticket, or too old. */
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

  /** Makes the `state` for an authorization request, valid for ten minutes. */
  state(authorization: Authorization): Promise<string> {
    const expiresAt = this.#clock.now() + STATE_MS
    const nonce = randomUUID()
    return this.#sealer.seal('authorization state', { ...authorization, nonce, expiresAt })
  }

  /**
   * Uses up a state. Returns undefined if the text is not a state, or the state is too old or already used.
   * With `userId`, the state must be for that user; another user's ticket does not use the state up.
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
