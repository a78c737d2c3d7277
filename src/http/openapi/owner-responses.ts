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

const linked = redirect('The account is linked.', "The owner's page for the link.")

const PAGE_PROBLEMS: readonly ProblemType[] = [
  'link-invalid',
  'caller-rate-limited',
  'internal-error',
]

/** Problems with a consent: Spotify might refuse it, and writing the links file might fail. */
const consentProblems = problemResponsesFor([
  ...PAGE_PROBLEMS,
  'link-declined',
  'link-wrong-account',
  ...SPOTIFY_PROBLEMS,
])

/** Responses for the account owner's page. */
export const ownerPageResponses = { 200: page, ...problemResponsesFor(PAGE_PROBLEMS) }

/** Responses for the buttons on that page. */
export const ownerFormResponses = {
  200: { ...page, description: 'The link has ended.' },
  303: redirect('To the Spotify page where the owner agrees.', 'A Spotify page.'),
  ...problemResponsesFor(PAGE_PROBLEMS),
}

/** Responses for the address where Spotify sends the owner's browser. */
export const ownerCallbackResponses = { 303: linked, ...consentProblems }
