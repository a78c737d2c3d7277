import type { Clock } from '../lib/clock.ts'
import { Problem } from '../problems/problem.ts'
import type { EndReason } from './link-record.ts'
import type { LinkState, RefusalReason } from './link-state.ts'

/** Why a link does not work, for callers, `GET /links` and the log; the names are stable. */
export type LinkFault = RefusalReason | EndReason | 'consent-doubtful' | 'unreadable'

interface FaultTexts {
  /** What happened, in one sentence. */
  readonly explanation: string
  /** How a person can fix the fault, in one sentence. */
  readonly remedy: string
}

const LINK_AGAIN = 'Have the owner link the account again.'

const TEXTS: Readonly<Record<LinkFault, FaultTexts>> = {
  'not-registered': {
    explanation: 'Spotify does not let the app read this account.',
    remedy:
      'Add the owner of the account to the users of the app in the Spotify developer dashboard.',
  },
  'insufficient-scope': {
    explanation: 'Spotify wants the owner of this account to grant more than public information.',
    remedy: 'Update this service: Spotify seems to have changed the rules for linked accounts.',
  },
  'endpoint-forbidden': {
    explanation: 'Spotify refuses the app the playlists of linked accounts.',
    remedy: 'Check the app in the Spotify developer dashboard.',
  },
  'access-denied': {
    explanation: 'Spotify refuses the link to this account.',
    remedy: 'Check the app in the Spotify developer dashboard.',
  },
  'scope-too-wide': {
    explanation: 'The link to this account could read private playlists, so it is not used.',
    remedy:
      'Have the owner remove the app at https://www.spotify.com/account/apps/ and link the account again.',
  },
  'consent-revoked': {
    explanation: 'The owner of this account has ended the link, or Spotify has.',
    remedy: LINK_AGAIN,
  },
  'consent-expired': {
    explanation: 'The consent of the owner of this account has ended after six months.',
    remedy: LINK_AGAIN,
  },
  'other-user': {
    explanation: 'The linked account belongs to another user id now.',
    remedy: 'Have the owner link the account under its current user id.',
  },
  'consent-doubtful': {
    explanation:
      'Spotify says that the link to this account has ended, which is sometimes an error of Spotify.',
    remedy: 'The service asks Spotify again after ten minutes.',
  },
  unreadable: {
    explanation: 'The service cannot decrypt its record of this link.',
    remedy:
      'Set LINKS_PREVIOUS_CLIENT_SECRET to the client secret before the last change, or have the owner link the account again.',
  },
}

/** Why a link in this state does not work; undefined if the link works. */
export function faultOf(state: LinkState): LinkFault | undefined {
  switch (state.name) {
    case 'active':
      return undefined
    case 'doubtful':
      return 'consent-doubtful'
    case 'unreadable':
      return 'unreadable'
    default:
      return state.reason
  }
}

/** How a person can fix the fault, in one sentence. */
export function remedyOf(fault: LinkFault): string {
  return TEXTS[fault].remedy
}

/**
 * The problem for lookups when the user's link is in this state. If the state has no fault, somebody removed or
 * replaced the link during the lookup.
 */
export function stateProblem(state: LinkState, clock: Clock): Problem {
  const fault = faultOf(state)
  if (fault === undefined) return linkChanged()
  const leftMs = 'retryAtMs' in state ? state.retryAtMs - clock.monotonic() : undefined
  return linkProblem(fault, leftMs === undefined ? undefined : clock.now() + leftMs)
}

/** The problem for a lookup begun with another link. */
export function linkChanged(): Problem {
  const detail = 'The link to this account changed during the lookup. Retry soon.'
  return new Problem('spotify-unavailable', detail)
}

/** The problem if somebody ended the link while its owner was consenting. */
export function linkWithdrawn(): Problem {
  const detail = 'Somebody ended the link to this account after the owner was invited.'
  return new Problem('link-invalid', detail)
}

/** The problem for a link with this fault; a retry might succeed at `retryAt` (epoch ms). */
export function linkProblem(fault: LinkFault, retryAt?: number): Problem {
  const type = fault === 'consent-doubtful' ? 'spotify-unavailable' : 'spotify-access-denied'
  const { explanation, remedy } = TEXTS[fault]
  return new Problem(type, `${fault}: ${explanation} ${remedy}`, { causeName: fault, retryAt })
}

/** The problem while the links file cannot be written. */
export function fileProblem(cause: unknown): Problem {
  const detail =
    'The service cannot write its file of linked accounts. The operator must check LINKS_FILE.'
  return new Problem('internal-error', detail, { cause })
}
