import type { LinkDenialReason } from '../spotify/gate/linked-denials.ts'
import type { EndReason } from './link-record.ts'

/** How long no token is renewed after a first `invalid_grant`, which can be false in an outage. */
const DOUBT_MS = 10 * 60_000
/** How long the service leaves a refused link alone; doubles with each further refusal. */
const FIRST_REFUSAL_MS = 3_600_000
const MAX_REFUSAL_MS = 24 * 3_600_000
/**
 * A consent lasts six months, which have at least 181 days. With a higher number, warnings could come late.
 * https://developer.spotify.com/documentation/web-api/tutorials/refreshing-tokens
 */
const CONSENT_MS = 181 * 86_400_000

/** Why a link is not used: Spotify denies it, or a renewed token can read more than public data. */
export type RefusalReason = LinkDenialReason | 'scope-too-wide'

/**
 * The link state, as plain data. `retryAtMs` is on the monotonic clock.
 * - `active`: the link works, as far as the service knows.
 * - `doubtful`: Spotify once reported the consent as ended. The token is not renewed before `retryAtMs`.
 * - `refused`: Spotify refuses this link. No requests are sent for it before `retryAtMs`.
 * - `ended`: the consent has ended, and the token is erased.
 * - `mismatch`: the token belongs to a user other than the invited user; it is erased.
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
  /** Spotify denied a request with this link's token. */
  | { readonly kind: 'denied'; readonly reason: RefusalReason }
  /** A list page arrived. */
  | { readonly kind: 'read' }
  /** A list page belongs to another user. */
  | { readonly kind: 'other-user' }

/** When an event happened. */
export interface Instant {
  /** Epoch milliseconds. */
  readonly now: number
  /** On the monotonic clock. */
  readonly nowMs: number
}

export const ACTIVE: LinkState = { name: 'active' }

/** The earliest end of a consent, in epoch milliseconds. */
export function consentEndsAt(consentAt: number): number {
  return consentAt + CONSENT_MS
}

/** Whether no event can end the state: only a new consent can, or the right key for `unreadable`. */
function isOver({ name }: LinkState): boolean {
  return name === 'ended' || name === 'mismatch' || name === 'unreadable'
}

/** The link's state after an event. The owner agreed at `consentAt` (epoch ms). */
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

/** All pages in a read count as a single refusal. */
function afterDenial(state: LinkState, reason: RefusalReason, nowMs: number): LinkState {
  const isRefused = state.name === 'refused'
  if (isRefused && nowMs < state.retryAtMs) return state
  const refusals = isRefused ? state.refusals + 1 : 1
  const pauseMs = Math.min(FIRST_REFUSAL_MS * 2 ** (refusals - 1), MAX_REFUSAL_MS)
  return { name: 'refused', reason, refusals, retryAtMs: nowMs + pauseMs }
}
