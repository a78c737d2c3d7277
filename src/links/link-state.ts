import type { LinkDenialReason } from '../spotify/gate/token-denials.ts'
import type { EndReason } from './link-record.ts'

/** How long no token is renewed after a first `invalid_grant`, which may be false in an outage. */
const DOUBT_MS = 10 * 60_000
/** How long the service leaves a refused link alone; doubles with each further refusal. */
const FIRST_REFUSAL_MS = 3_600_000
const MAX_REFUSAL_MS = 24 * 3_600_000
/**
 * A consent lasts six months, which have at least 181 days. With a higher number, warnings could come late.
 * https://developer.spotify.com/documentation/web-api/tutorials/refreshing-tokens
 */
const CONSENT_MS = 181 * 86_400_000

/** Why a link is not used: Spotify denies it, or a renewed token may read more than is public. */
export type RefusalReason = LinkDenialReason | 'scope-too-wide'

/**
 * The state of a link, as plain data. `retryAtMs` is on the monotonic clock.
 * - `active`: the link works, as far as the service knows.
 * - `doubtful`: Spotify said once that the consent has ended. The token is not renewed before `retryAtMs`.
 * - `refused`: Spotify refuses this link. Nothing is sent for it before `retryAtMs`.
 * - `ended`: the consent has ended, and its token is erased.
 * - `mismatch`: the token belongs to another user than the invited one; it is erased.
 * - `unreadable`: no key opens the record.
 */
export type LinkState =
  | { readonly name: 'active' }
  | { readonly name: 'doubtful'; readonly retryAtMs: number }
  | {
      readonly name: 'refused'
      readonly reason: RefusalReason
      readonly refusals: number
      readonly retryAtMs: number
    }
  | { readonly name: 'ended'; readonly reason: EndReason }
  | { readonly name: 'mismatch'; readonly reason: EndReason }
  | { readonly name: 'unreadable' }

/** What happened to a link. */
export type LinkEvent =
  /** Spotify issued a new access token. */
  | { readonly kind: 'renewed' }
  /** Spotify answered a renewal with `invalid_grant`. */
  | { readonly kind: 'invalid-grant' }
  /** Spotify denied a request with the token of this link. */
  | { readonly kind: 'denied'; readonly reason: RefusalReason }
  /** A page of the list arrived. */
  | { readonly kind: 'read' }
  /** A page of the list belongs to another user. */
  | { readonly kind: 'other-user' }

/** When an event happened. */
export interface Instant {
  /** Epoch milliseconds. */
  readonly now: number
  /** On the monotonic clock. */
  readonly nowMs: number
}

export const ACTIVE: LinkState = { name: 'active' }

/** When a consent ends at the earliest, in epoch milliseconds. */
export function consentEndsAt(consentAt: number): number {
  return consentAt + CONSENT_MS
}

/** Whether no event can end the state: only a new consent can, or the right key for `unreadable`. */
function isOver({ name }: LinkState): boolean {
  return name === 'ended' || name === 'mismatch' || name === 'unreadable'
}

/** The next state of a link after an event. Its owner agreed at `consentAt` (epoch ms). */
export function afterEvent(
  state: LinkState,
  event: LinkEvent,
  consentAt: number,
  instant: Instant,
): LinkState {
  if (isOver(state)) return state
  switch (event.kind) {
    case 'renewed':
      return state.name === 'doubtful' ? ACTIVE : state
    case 'read':
      return state.name === 'refused' ? ACTIVE : state
    case 'invalid-grant':
      return afterInvalidGrant(state, consentAt, instant)
    case 'denied':
      return afterDenial(state, event.reason, instant.nowMs)
    case 'other-user':
      return { name: 'mismatch', reason: 'other-user' }
  }
}

/** Whether the service may send requests for a link in this state. */
export function isUsable(state: LinkState, nowMs: number): boolean {
  return !isOver(state) && !(state.name === 'refused' && nowMs < state.retryAtMs)
}

function afterInvalidGrant(
  state: LinkState,
  consentAt: number,
  { now, nowMs }: Instant,
): LinkState {
  if (now >= consentEndsAt(consentAt)) return { name: 'ended', reason: 'consent-expired' }
  if (state.name !== 'doubtful') return { name: 'doubtful', retryAtMs: nowMs + DOUBT_MS }
  return nowMs < state.retryAtMs ? state : { name: 'ended', reason: 'consent-revoked' }
}

/** All pages of one read count as one refusal. */
function afterDenial(state: LinkState, reason: RefusalReason, nowMs: number): LinkState {
  const isRefused = state.name === 'refused'
  if (isRefused && nowMs < state.retryAtMs) return state
  const refusals = isRefused ? state.refusals + 1 : 1
  const pauseMs = Math.min(FIRST_REFUSAL_MS * 2 ** (refusals - 1), MAX_REFUSAL_MS)
  return { name: 'refused', reason, refusals, retryAtMs: nowMs + pauseMs }
}
