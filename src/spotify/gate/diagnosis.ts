import { Problem, type ProblemOptions, type ProblemType, problems } from '../../problems/problem.ts'

/**
 * How a person can fix each cause of failure. The cause names are stable: `/status`, the log and dashboards use
 * them.
 * https://developer.spotify.com/documentation/web-api/concepts/quota-modes
 */
const REMEDIES = {
  'rate-limited':
    'The service sends nothing before the time that Spotify named. If this happens often, raise CACHE_FRESH_SECONDS.',
  'quota-exceeded':
    'The service sends nothing before the time that Spotify named. The quota is for all apps of the developer account, so check the other ones.',
  'endpoint-forbidden':
    'Link the accounts whose owners agree (LINKS_FILE), or use the credentials of an app with extended quota.',
  'premium-required':
    'Renew the Premium subscription of the owner of the app. Spotify needs some hours to notice.',
  'user-authentication-required':
    'Link the accounts whose owners agree (LINKS_FILE), or use the credentials of an app with extended quota.',
  'access-denied': 'Check the app in the Spotify developer dashboard.',
  'request-refused': 'Update this service: Spotify seems to have changed the rules for requests.',
  'credentials-rejected':
    'Check SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET in the Spotify developer dashboard.',
  unavailable:
    'The service retries automatically. If the failure lasts, check the network and the status page of Spotify.',
} as const

export type DiagnosisName = keyof typeof REMEDIES

/** Tells a caller what happened, for each cause shown in a Spotify response. */
export const EXPLANATIONS = {
  'rate-limited': 'Spotify rate limits this app. Wait as long as Retry-After says.',
  'quota-exceeded':
    'The quota of the Spotify developer account is used up. Wait as long as Retry-After says.',
  'endpoint-forbidden':
    'The Spotify app is in Development Mode, which has had no access to the playlists of users since 2026.',
  'premium-required': 'The owner of the Spotify app has no active Premium subscription.',
  'user-authentication-required':
    'Spotify wants a token of a signed-in user, and this service has only an app token.',
  'access-denied': 'Spotify denies access to this app.',
} as const satisfies Partial<Record<DiagnosisName, string>>

export interface Diagnosis {
  readonly name: DiagnosisName
  /** How a person can fix the cause. */
  readonly remedy: string
}

/** A problem with a diagnosis: why Spotify refuses the request. */
export class Refusal extends Problem {
  readonly diagnosis: Diagnosis

  constructor(
    type: ProblemType,
    name: DiagnosisName,
    explanation: string,
    facts: ProblemOptions = {},
    remedy: string = REMEDIES[name],
  ) {
    super(type, `${name}: ${explanation} ${remedy}`, { ...facts, causeName: name })
    this.diagnosis = { name, remedy }
  }
}

/** The problem for a Spotify failure reported by another replica; `name` is the diagnosis name. */
export function remoteProblem(
  type: ProblemType,
  name: string | undefined,
  facts: ProblemOptions,
): Problem {
  const title = `${problems[type].title}.`
  if (name === undefined || !isDiagnosisName(name)) return new Problem(type, title, facts)
  const explanations: Partial<Record<DiagnosisName, string>> = EXPLANATIONS
  return new Refusal(type, name, explanations[name] ?? title, facts)
}

function isDiagnosisName(name: string): name is DiagnosisName {
  return Object.hasOwn(REMEDIES, name)
}

/** Diagnoses a failure. */
export function diagnosisOf(problem: Problem): Diagnosis {
  if (problem instanceof Refusal) return problem.diagnosis
  const isRejected = problem.type === 'spotify-credentials-rejected'
  const name = isRejected ? 'credentials-rejected' : 'unavailable'
  return { name, remedy: REMEDIES[name] }
}

/** A denial's status does not show the cause; only the body text does. */
const DENIALS: readonly { readonly words: RegExp; readonly name: keyof typeof EXPLANATIONS }[] = [
  { words: /active premium subscription required/i, name: 'premium-required' },
  {
    words: /may not be registered|insufficient client scope|valid user authentication required/i,
    name: 'user-authentication-required',
  },
  { words: /"forbidden"/i, name: 'endpoint-forbidden' },
]

/** The problem for a response with this body: a 403, or a 401 even with a new token. */
export function accessDenied(originStatus: 401 | 403, body: string): Refusal {
  const name = DENIALS.find(({ words }) => words.test(body))?.name ?? 'access-denied'
  return new Refusal('spotify-access-denied', name, EXPLANATIONS[name], { originStatus })
}

/** The problem for a 429 with this body; `retryAt` (epoch ms) is when it ends. */
export function tooManyRequests(body: string, retryAt: number): Refusal {
  const name = body.includes('QUOTA_EXCEEDED') ? 'quota-exceeded' : 'rate-limited'
  return new Refusal(`spotify-${name}`, name, EXPLANATIONS[name], { retryAt, originStatus: 429 })
}

/**
 * The problem for lookups until `retryAt` (epoch ms), while the gate is closed because of `cause`. It does not
 * reveal responses to other lookups.
 */
export function lookupsPaused(cause: Problem, retryAt: number): Problem {
  const paused = `Lookups are paused until ${new Date(retryAt).toISOString()}`
  const facts = { cause: cause.cause, retryAt }
  if (cause.type === 'spotify-bad-response' || cause.type === 'spotify-unavailable') {
    const why =
      cause.type === 'spotify-unavailable'
        ? 'Spotify does not respond'
        : 'the responses of Spotify are unusable'
    const detail = `${paused}, because ${why} for several users. Wait as long as Retry-After says.`
    return new Problem('spotify-unavailable', detail, facts)
  }
  const { causeName } = cause
  return new Problem(cause.type, `${cause.message} ${paused}.`, { ...facts, causeName })
}
