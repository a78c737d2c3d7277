import { Problem, type ProblemOptions, type ProblemType, problems } from '../../problems/problem.ts'

/**
 * What keeps Spotify from answering and what a person can do about it, one sentence each. The names
 * are stable: `/status`, the log and dashboards use them.
 * https://developer.spotify.com/documentation/web-api/concepts/quota-modes
 */
const REMEDIES = {
  'rate-limited':
    'Nothing is sent until the time that Spotify named; if it happens often, raise CACHE_FRESH_SECONDS.',
  'quota-exceeded':
    'Nothing is sent until the time that Spotify named; the quota counts all apps of the developer account, so look for what else spends it.',
  'endpoint-forbidden': 'Use the credentials of an app with extended quota.',
  'premium-required':
    'Renew the Premium subscription of the owner of the app; Spotify needs some hours to notice.',
  'user-authentication-required': 'Use the credentials of an app with extended quota.',
  'access-denied': 'Check the app in the Spotify developer dashboard.',
  'request-refused':
    'Update this service, since Spotify seems to have changed what a request may ask for.',
  'credentials-rejected':
    'Check SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET in the Spotify developer dashboard.',
  unavailable:
    'Spotify is tried again on its own; if it lasts, check the network and the status page of Spotify.',
} as const

export type DiagnosisName = keyof typeof REMEDIES

/** What happened, for those that Spotify itself names. */
const EXPLANATIONS = {
  'rate-limited':
    'Spotify refuses requests of this app for now. Ask again after the seconds in Retry-After.',
  'quota-exceeded':
    'The quota of the Spotify developer account is used up. Ask again after the seconds in Retry-After.',
  'endpoint-forbidden':
    'The Spotify app is in Development Mode, which lost the playlists of users in 2026.',
  'premium-required': 'The owner of the Spotify app has no active Premium subscription.',
  'user-authentication-required':
    'Spotify answers this app only on behalf of a user who has signed in, which an app token cannot do.',
  'access-denied': 'Spotify refuses this app.',
} as const satisfies Partial<Record<DiagnosisName, string>>

export interface Diagnosis {
  readonly name: DiagnosisName
  /** One sentence: what a person can do about it. */
  readonly remedy: string
}

/** A problem that tells more than its type: why Spotify refuses. */
export class Refusal extends Problem {
  readonly diagnosis: Diagnosis

  constructor(
    type: ProblemType,
    name: DiagnosisName,
    explanation: string,
    facts: ProblemOptions = {},
  ) {
    super(type, `${name}: ${explanation} ${REMEDIES[name]}`, { ...facts, causeName: name })
    this.diagnosis = diagnosis(name)
  }
}

/** The problem for a failure of Spotify that another replica met; `name` is that of its diagnosis. */
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

/** What a failure tells about Spotify as a whole. */
export function diagnosisOf(problem: Problem): Diagnosis {
  if (problem instanceof Refusal) return problem.diagnosis
  return diagnosis(
    problem.type === 'spotify-credentials-rejected' ? 'credentials-rejected' : 'unavailable',
  )
}

function diagnosis(name: DiagnosisName): Diagnosis {
  return { name, remedy: REMEDIES[name] }
}

/** Denials have the same status, so that only the words of the refusal tell them apart. */
const DENIALS: readonly { readonly words: RegExp; readonly name: keyof typeof EXPLANATIONS }[] = [
  { words: /active premium subscription required/i, name: 'premium-required' },
  {
    words: /may not be registered|insufficient client scope|valid user authentication required/i,
    name: 'user-authentication-required',
  },
  { words: /"forbidden"/i, name: 'endpoint-forbidden' },
]

/** The problem for a 403, or a 401 that a new token did not cure, with the given body. */
export function accessDenied(originStatus: 401 | 403, body: string): Refusal {
  const name = DENIALS.find(({ words }) => words.test(body))?.name ?? 'access-denied'
  return new Refusal('spotify-access-denied', name, EXPLANATIONS[name], { originStatus })
}

/** The problem for a 429 with the given body; `retryAt` (epoch ms) is when it ends. */
export function tooManyRequests(body: string, retryAt: number): Refusal {
  const name = body.includes('QUOTA_EXCEEDED') ? 'quota-exceeded' : 'rate-limited'
  return new Refusal(`spotify-${name}`, name, EXPLANATIONS[name], { retryAt, originStatus: 429 })
}

/**
 * What lookups fail with until `retryAt` (epoch ms) since `cause`, met by others, keeps requests from
 * leaving. It tells nothing of their responses.
 */
export function lookupsPaused(cause: Problem, retryAt: number): Problem {
  const paused = `Lookups are paused until ${new Date(retryAt).toISOString()}`
  const facts = { cause: cause.cause, retryAt }
  if (cause.type === 'spotify-bad-response' || cause.type === 'spotify-unavailable') {
    const why =
      cause.type === 'spotify-unavailable'
        ? 'Spotify does not answer'
        : 'the responses of Spotify are unusable'
    const detail = `${paused}, since ${why} for several users. Ask again after the seconds in Retry-After.`
    return new Problem('spotify-unavailable', detail, facts)
  }
  const { causeName } = cause
  return new Problem(cause.type, `${cause.message} ${paused}.`, { ...facts, causeName })
}
