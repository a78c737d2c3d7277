import { Problem } from '../../problems/problem.ts'
import { accessDenied, EXPLANATIONS, Refusal } from './diagnosis.ts'

/** Texts in denials for a user's token. */
const DENIALS = [
  { words: /may not be registered/i, reason: 'not-registered' },
  { words: /insufficient client scope/i, reason: 'insufficient-scope' },
  { words: /"forbidden"/i, reason: 'endpoint-forbidden' },
] as const

/** Why Spotify refuses a consenting user's token. */
export type LinkDenialReason = (typeof DENIALS)[number]['reason'] | 'access-denied'

/** A denial for one user's token only, not for the app or other users. */
export class LinkDenial extends Problem {
  readonly reason: LinkDenialReason

  constructor(reason: LinkDenialReason, originStatus: 401 | 403) {
    const detail = 'Spotify refuses the token of this user.'
    super('spotify-access-denied', detail, { originStatus, causeName: reason })
    this.reason = reason
  }
}

/**
 * The problem for a response with this body to a request with a user's token: a 403, or a 401 even with a new
 * token. Only the app owner's lapsed Premium subscription affects the whole app.
 */
export function linkDenied(originStatus: 401 | 403, body: string): Problem {
  const denial = accessDenied(originStatus, body)
  if (denial.diagnosis.name === 'premium-required') return denial
  const reason = DENIALS.find(({ words }) => words.test(body))?.reason ?? 'access-denied'
  return new LinkDenial(reason, originStatus)
}

/** App token denials that do not affect consenting users' tokens. */
const APP_TOKEN_DENIALS = ['endpoint-forbidden', 'user-authentication-required'] as const

/** A denial for the app token, affecting all users without a linked account. */
export class AppTokenDenial extends Refusal {
  constructor(name: (typeof APP_TOKEN_DENIALS)[number], originStatus: 401 | 403) {
    const remedy = 'Have the owner of the account link it to this service.'
    super('spotify-access-denied', name, EXPLANATIONS[name], { originStatus }, remedy)
  }
}

/**
 * The problem for an app token denial, if accounts can be linked: only some denials affect linked accounts,
 * too.
 */
export function appTokenDenied(originStatus: 401 | 403, body: string): Problem {
  const denial = accessDenied(originStatus, body)
  const name = APP_TOKEN_DENIALS.find(other => other === denial.diagnosis.name)
  return name === undefined ? denial : new AppTokenDenial(name, originStatus)
}
