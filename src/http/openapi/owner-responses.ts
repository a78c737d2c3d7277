import { Type } from 'typebox'
import type { ProblemType } from '../../problems/problem.ts'
import { problemResponsesFor, SPOTIFY_PROBLEMS } from './problem-responses.ts'
import {
  commonHeaders,
  noReferrer,
  noStore,
  pageHeaders,
  rateLimitHeaders,
} from './response-headers.ts'

const headers = { ...commonHeaders, ...noStore, ...rateLimitHeaders }

const page = {
  description: 'The page.',
  headers: { ...headers, ...pageHeaders },
  content: { 'text/html': { schema: Type.String() } },
}

function redirect(description: string, target: string) {
  return {
    type: 'null',
    description,
    headers: { ...headers, ...noReferrer, Location: Type.String({ description: target }) },
  }
}

const linked = redirect('The account is linked.', 'The page of the link, for the owner.')

const PAGE_PROBLEMS: readonly ProblemType[] = [
  'link-invalid',
  'caller-rate-limited',
  'internal-error',
]

/** The problems of a consent: Spotify may refuse it, and writing the file of links may fail. */
const consentProblems = problemResponsesFor([
  ...PAGE_PROBLEMS,
  'link-declined',
  'link-wrong-account',
  ...SPOTIFY_PROBLEMS,
])

/** The responses of the page for the owner of an account. */
export const ownerPageResponses = { 200: page, ...problemResponsesFor(PAGE_PROBLEMS) }

/** The responses of the buttons on that page. */
export const ownerFormResponses = {
  200: { ...page, description: 'The link has ended.' },
  303: redirect('To the page at Spotify on which the owner agrees.', 'A page of Spotify.'),
  ...problemResponsesFor(PAGE_PROBLEMS),
}

/** The responses to the address to which Spotify sends the owner's browser. */
export const ownerCallbackResponses = { 303: linked, ...consentProblems }
