import { randomUUID } from 'node:crypto'
import { generateRandomCodeVerifier } from 'oauth4webapi'
import type { Clock } from '../lib/clock.ts'
import { LinkDenial } from '../spotify/gate/linked-denials.ts'
import { isSameUser } from '../user-id/same-user.ts'
import { type Link, liveRecord } from './link.ts'
import { linkProblem } from './link-problems.ts'
import { isTooWide } from './link-tokens.ts'
import type { Links } from './links.ts'
import type { ConsentGrant, OAuthClient } from './oauth-client.ts'
import type { Profile } from './read-profile.ts'
import type { Redeemed, Tickets } from './tickets.ts'
import type { Grant } from './token-request.ts'

export interface ConsentsOptions {
  links: Links
  oauth: Pick<OAuthClient, 'authorizationUrl' | 'exchange'>
  tickets: Tickets
  clock: Clock
  /** Reads the token owner's profile. */
  profile: (accessToken: string) => Promise<Profile>
  /** Called with the token from the consent to a new link. */
  accept: (link: Link, grant: Grant) => void
  /** The callback path, to recognise a pasted address. */
  callbackPath: string
}

/** The outcome of a consent, for the account owner. */
export type ConsentResult =
  | { readonly kind: 'linked'; readonly userId: string; readonly ticket: string }
  /** The callback or the pasted address is not from this service, has expired or was used. */
  | { readonly kind: 'invalid' }
  | { readonly kind: 'declined'; readonly userId: string }
  /** Another account agreed, or the invited account granted more than public information. */
  | { readonly kind: 'wrong-account'; readonly userId: string }

/** What the account owner sees at an address. */
export interface OwnerView {
  readonly userId: string
  /** Undefined if the account is not linked. */
  readonly link: Link | undefined
  /** Whether the address can link the account, or link it again. */
  readonly canLink: boolean
}

/** Links accounts: invites owners, sends them to Spotify, and checks which account agreed. */
export class Consents {
  /** The number of link attempts since startup, by result; `failed` is a problem. */
  readonly attempts: Record<ConsentResult['kind'] | 'failed', number> = {
    linked: 0,
    declined: 0,
    'wrong-account': 0,
    invalid: 0,
    failed: 0,
  }
  readonly #options: ConsentsOptions

  constructor(options: ConsentsOptions) {
    this.#options = options
  }

  /** Invites the owner of a user's account; `userId` is canonical. */
  invite(userId: string): Promise<{ ticket: string; expiresAt: number }> {
    return this.#options.tickets.invite(userId)
  }

  /**
   * What an address shows; undefined if the address is old, damaged or for a removed link. A newer consent uses
   * up an invitation, and a later removal invalidates it. A link's page can always link the account again.
   */
  async view(ticket: string): Promise<OwnerView | undefined> {
    const { tickets, links } = this.#options
    const owner = await tickets.owner(ticket)
    if (owner === undefined) return undefined
    const { userId, invitedAt, linkId } = owner
    const link = links.find(userId)
    if (invitedAt === undefined) {
      if (link === undefined || link.linkId !== linkId) return undefined
      return { userId, link, canLink: true }
    }
    if (links.isRemovedSince(userId, invitedAt)) return undefined
    const record = link && liveRecord(link)
    return { userId, link, canLink: record === undefined || record.consentAt < invitedAt }
  }

  /** The address of Spotify's consent page; undefined if this ticket cannot link. */
  async begin(ticket: string): Promise<string | undefined> {
    const view = await this.view(ticket)
    if (view?.canLink !== true) return undefined
    const { tickets, oauth } = this.#options
    const verifier = generateRandomCodeVerifier()
    const state = await tickets.state({ userId: view.userId, verifier })
    return oauth.authorizationUrl(state, verifier)
  }

  /**
   * Completes a consent with the callback query.
   *
   * @throws {Problem} if Spotify cannot answer or refuses, or the file cannot be written. Then the service
   * stores nothing, and the owner has to agree again.
   */
  complete(query: URLSearchParams): Promise<ConsentResult> {
    return this.#counted(this.#complete(query))
  }

  /**
   * Completes a consent with the address where the owner's browser ended up. The owner pasted the address on
   * the page for `ticket`.
   *
   * @throws {Problem} as `complete()`.
   */
  finish(ticket: string, pasted: string): Promise<ConsentResult> {
    return this.#counted(this.#finish(ticket, pasted))
  }

  async #counted(attempt: Promise<ConsentResult>): Promise<ConsentResult> {
    let kind: keyof Consents['attempts'] = 'failed'
    try {
      const result = await attempt
      kind = result.kind
      return result
    } finally {
      this.attempts[kind]++
    }
  }

  /** With `userId`, the consent must be for that user. */
  async #complete(query: URLSearchParams, userId?: string): Promise<ConsentResult> {
    const { tickets, oauth, links } = this.#options
    const state = query.get('state') ?? ''
    const authorization = await tickets.redeem(state, userId)
    if (authorization === undefined) return { kind: 'invalid' }
    if (links.isRemovedSince(authorization.userId, authorization.issuedAt)) {
      return { kind: 'invalid' }
    }
    const grant = await oauth.exchange(query, state, authorization.verifier)
    if (grant === 'invalid') return { kind: 'invalid' }
    if (grant === 'declined') return { kind: 'declined', userId: authorization.userId }
    return this.#link(authorization, grant)
  }

  async #finish(ticket: string, pasted: string): Promise<ConsentResult> {
    const view = await this.view(ticket)
    const url = pasted.trim()
    if (view?.canLink !== true || !URL.canParse(url)) return { kind: 'invalid' }
    const { pathname, searchParams } = new URL(url)
    if (pathname !== this.#options.callbackPath) return { kind: 'invalid' }
    return this.#complete(searchParams, view.userId)
  }

  /**
   * Ends a ticket's link. Returns the user id; undefined if the ticket is invalid.
   *
   * @throws {Problem} if a file cannot be written.
   */
  async end(ticket: string): Promise<string | undefined> {
    const view = await this.view(ticket)
    if (view !== undefined) await this.#options.links.remove(view.userId)
    return view?.userId
  }

  async #link({ userId, issuedAt }: Redeemed, grant: ConsentGrant): Promise<ConsentResult> {
    const { links, tickets, clock, accept } = this.#options
    if (isTooWide(grant.scope)) return { kind: 'wrong-account', userId }
    const profile = await this.#profile(grant.accessToken)
    if (!isSameUser(profile.userId, userId)) return { kind: 'wrong-account', userId }
    const { accountId } = profile
    const record = {
      userId,
      linkId: randomUUID(),
      ...(accountId !== undefined && { accountId }),
      refreshToken: grant.refreshToken,
      consentAt: clock.now(),
    }
    const link = await links.add(record, issuedAt)
    // While `add` was forgetting an earlier link's lists, somebody might have unlinked the user.
    if (!links.has(link)) return { kind: 'invalid' }
    accept(link, grant)
    return { kind: 'linked', userId, ticket: await tickets.pageOf(userId, link.linkId) }
  }

  /** Reads the token owner's profile. Turns a denial into the problem for a refused link. */
  async #profile(accessToken: string): Promise<Profile> {
    return this.#options.profile(accessToken).catch((error: unknown) => {
      throw error instanceof LinkDenial ? linkProblem(error.reason) : error
    })
  }
}
