import { Problem } from '../../problems/problem.ts'
import { accessDenied, EXPLANATIONS, Refusal } from './diagnosis.ts'

/** Texts of a denial of a user's token. */
const DENIALS = [
  { words: /may not be registered/i, reason: 'not-registered' },
  { words: /insufficient client scope/i, reason: 'insufficient-scope' },
  { words: /"forbidden"/i, reason: 'endpoint-forbidden' },
] as const

/** Why Spotify refuses the token of a user who has agreed. */
export type LinkDenialReason = (typeof DENIALS)[number]['reason'] | 'access-denied'

/** A denial of one user's token, which says nothing about the app or other users. */
export class LinkDenial extends Problem {
  readonly reason: LinkDenialReason

  constructor(reason: LinkDenialReason, originStatus: 401 | 403) {
    const detail = 'Spotify refuses the token of this user.'
    super('spotify-access-denied', detail, { originStatus, causeName: reason })
    this.reason = reason
  }
}

/**
 * The problem for a response with the given body to a request with the token of a user: a 403, or a 401 even
 * with a new token. Only a lapsed Premium subscription of the app's owner concerns the whole app.
 */
export function linkDenied(originStatus: 401 | 403, body: string): Problem {
  const denial = accessDenied(originStatus, body)
  if (denial.diagnosis.name === 'premium-required') return denial
  const reason = DENIALS.find(({ words }) => words.test(body))?.reason ?? 'access-denied'
  return new LinkDenial(reason, originStatus)
}

/** Denials of the app token that do not concern the tokens of users who have agreed. */
const APP_TOKEN_DENIALS = ['endpoint-forbidden', 'user-authentication-required'] as const

/** A denial of the app token, which concerns all users who have not linked their account. */
export class AppTokenDenial extends Refusal {
  constructor(name: (typeof APP_TOKEN_DENIALS)[number], originStatus: 401 | 403) {
    const remedy = 'Have the owner of the account link it to this service.'
    super('spotify-access-denied', name, EXPLANATIONS[name], { originStatus }, remedy)
  }
}

/**
 * The problem for a denial of the app token, if accounts can be linked: only some denials concern linked
 * accounts, too.
 */
export function appTokenDenied(originStatus: 401 | 403, body: string): Problem {
  const denial = accessDenied(originStatus, body)
  const name = APP_TOKEN_DENIALS.find(other => other === denial.diagnosis.name)
  return name === undefined ? denial : new AppTokenDenial(name, originStatus)
}
