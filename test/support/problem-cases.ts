import type { AnswerName, Fault } from '../../sandbox/sandbox.ts'
import type { ProblemType } from '../../src/problems/problem.ts'
import { type Service, seconds } from './service.ts'

/** A request answered with a problem. */
export interface Case {
  type: ProblemType
  status: number
  user?: string
  query?: string
  headers?: Record<string, string>
  /** Variables for the service, if the defaults never lead to the problem. */
  variables?: Record<string, string>
  /** Runs before the request. */
  provoke?: (service: Service) => unknown
  /** Runs while the request is in flight. */
  meanwhile?: (service: Service) => Promise<unknown>
  /** Whether requests below `/v1` never get this problem. */
  notOfMirror?: boolean
}

const spotifyAnswers = (answer: AnswerName) => spotify({ on: 'api', answer })
const tokenAnswers = (answer: AnswerName) => spotify({ on: 'token', answer })
const spotify = (fault: Fault) => (service: Service) => service.sandbox.fault(fault)

/** Provokes a bug in the service after the last request to the sandbox. */
async function breakClock({ clock, get, quiet }: Service): Promise<void> {
  await get('/users/smedjan/playlists')
  await quiet()
  clock.now = () => {
    throw new Error('a bug')
  }
}

/** The service stops while a lookup waits for Spotify. */
const stopped: Pick<Case, 'provoke' | 'meanwhile'> = {
  provoke: ({ sandbox }) => sandbox.hold('api'),
  async meanwhile({ app, sandbox }) {
    await sandbox.arrived('api', 1)
    await app.close()
  },
}

/** A single lookup spends the budget. */
export const spentBudget = {
  variables: { SPOTIFY_DAILY_BUDGET: '1' },
  provoke: ({ get }: { get: (url: string) => unknown }) => get('/users/one/playlists'),
}

/** Every lookup problem, in openapi.yaml order. */
export const lookupCases: readonly Case[] = [
  { type: 'bad-request', status: 400, headers: { host: 'a b' } },
  { type: 'invalid-user-id', status: 400, user: '%20' },
  { type: 'invalid-user-id', status: 400, user: '%ff' },
  { type: 'invalid-query', status: 400, query: '?limit=-1' },
  { type: 'invalid-query', status: 400, query: '?offset=1&offset=2' },
  { type: 'user-not-found', status: 404, provoke: spotifyAnswers('not-found') },
  { type: 'not-acceptable', status: 406, headers: { accept: 'image/png' }, notOfMirror: true },
  { type: 'not-acceptable', status: 406, headers: { 'accept-encoding': 'identity;q=0' } },
  { type: 'headers-too-large', status: 431, headers: { 'cache-control': 'x'.repeat(1025) } },
  { type: 'internal-error', status: 500, provoke: breakClock },
  { type: 'spotify-bad-response', status: 502, provoke: spotifyAnswers('html') },
  { type: 'spotify-bad-response', status: 502, provoke: tokenAnswers('token-html') },
  { type: 'spotify-access-denied', status: 502, provoke: spotifyAnswers('forbidden') },
  { type: 'spotify-credentials-rejected', status: 503, provoke: tokenAnswers('invalid-client') },
  { type: 'spotify-unavailable', status: 503, provoke: spotifyAnswers('unavailable-html') },
  { type: 'spotify-unavailable', status: 503, provoke: tokenAnswers('server-error') },
  { type: 'spotify-rate-limited', status: 503, provoke: spotifyAnswers('rate-limited') },
  { type: 'spotify-quota-exceeded', status: 503, provoke: spotifyAnswers('quota-exceeded') },
  { type: 'quota-budget-spent', status: 503, ...spentBudget },
  {
    type: 'overloaded',
    status: 503,
    variables: { SPOTIFY_CONCURRENCY: '1', SPOTIFY_QUEUE: '0' },
    async provoke({ get, sandbox }) {
      sandbox.hold('api')
      void get('/users/one/playlists')
      await sandbox.arrived('api', 1)
    },
  },
  { type: 'shutting-down', status: 503, ...stopped },
  {
    type: 'deadline-exceeded',
    status: 504,
    variables: { SPOTIFY_TIMEOUT_MS: '60000' },
    provoke: spotifyAnswers('hang'),
    async meanwhile({ clock, sandbox }) {
      await sandbox.arrived('api', 1)
      await clock.advance(seconds(15))
    },
  },
  { type: 'not-stored', status: 504, headers: { 'cache-control': 'only-if-cached' } },
]

/** After this failed lookup, the service knows why it has no token. */
const afterLookup = (answer: AnswerName) => async (service: Service) => {
  tokenAnswers(answer)(service)
  await service.clock.runUntil(service.get('/users/one/playlists'))
}

/** Every readiness problem except shutting-down. */
export const readinessCases: readonly Case[] = [
  { type: 'spotify-unavailable', status: 503, provoke: afterLookup('token-html') },
  { type: 'spotify-credentials-rejected', status: 503, provoke: afterLookup('invalid-client') },
  { type: 'spotify-unavailable', status: 503, provoke: afterLookup('server-error') },
]

/** Every `/status` problem. */
export const statusCases: readonly Case[] = [
  { type: 'internal-error', status: 500, provoke: breakClock },
]
