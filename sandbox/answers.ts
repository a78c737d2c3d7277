import { type Answer, apiError, json, rateLimited, status } from './answer.ts'
import {
  cutGzip,
  cutJson,
  drip,
  gzipBomb,
  hang,
  hugePage,
  reset,
  resetMidBody,
} from './broken-bodies.ts'
import type { PlaylistPage } from './page.ts'

export { type Answer, type AnswerContext, apiError, json, rateLimited, status } from './answer.ts'

const HTML = { 'content-type': 'text/html' }
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }

/** The WWW-Authenticate field for a 401 (RFC 6750 section 3). */
export function challenge(description: string) {
  const value = `Bearer realm="spotify", error="invalid_token", error_description="${description}"`
  return { 'www-authenticate': value }
}

/**
 * Named answers, also for the control API. The texts are recorded from Spotify; several are plain text,
 * although the Web API documents JSON errors.
 */
export const answers = {
  'expired-token': apiError(401, 'The access token expired', challenge('The access token expired')),
  'user-authentication-required': apiError(401, 'Valid user authentication required'),
  // Spotify sends exactly these spaces when the endpoint is forbidden to the app.
  forbidden: status(403, '{"error": {"status": 403, "message": "Forbidden" } }', JSON_TYPE),
  'premium-required': status(
    403,
    'Active premium subscription required for the owner of the app. When the subscription ' +
      'status changes, it can take a few hours before requests are allowed again.',
  ),
  'not-registered': status(
    403,
    'Check settings on developer.spotify.com/dashboard, the user may not be registered.',
  ),
  'insufficient-scope': apiError(403, 'Insufficient client scope'),
  'not-found': apiError(404, 'Resource not found'),
  'not-found-empty': status(404, ''),
  'bad-request': apiError(400, 'Invalid limit'),
  'rate-limited': rateLimited('3'),
  'rate-limited-without-retry-after': rateLimited(),
  // The developer account's quota, not the rate limit: Retry-After is close to a day.
  'quota-exceeded': apiError(
    429,
    'Too many requests',
    { 'retry-after': '86207' },
    'QUOTA_EXCEEDED',
  ),
  'server-error': apiError(500, 'Server error.'),
  'bad-gateway': apiError(502, 'Bad gateway'),
  'unavailable-text': status(
    503,
    'upstream connect error or disconnect/reset before headers. ' +
      'reset reason: connection termination',
  ),
  'unavailable-html': status(
    503,
    '<html><body><h1>503 Service Unavailable</h1>\n' +
      'No server is available to handle this request.\n</body></html>\n',
    HTML,
  ),
  reset,
  'reset-mid-body': resetMidBody,
  'cut-json': cutJson,
  'cut-gzip': cutGzip,
  'gzip-bomb': gzipBomb,
  'huge-page': hugePage,
  html: status(200, '<!doctype html><title>Spotify</title><p>Welcome back', HTML),
  hang,
  drip,
  redirect: context => status(302, '', { location: `${context.origin}/elsewhere` })(context),
  'foreign-next': context =>
    json(200, { ...context.page(), next: `${context.origin}/elsewhere` })(context),
  'wrong-total': changedPage({ total: '12' }),
  'negative-total': changedPage({ total: -1 }),
  'items-not-array': changedPage({ items: { '0': null } }),
  'entry-not-object': context => {
    const page = context.page()
    json(200, { ...page, items: [7, ...page.items.slice(1)] })(context)
  },
  'huge-total': changedPage({ total: 1e9 }),
  'invalid-client': invalidClient(400),
  'invalid-client-401': invalidClient(401),
  // During outages, Spotify sends this even for valid refresh tokens.
  'invalid-grant': json(400, {
    error: 'invalid_grant',
    error_description: 'Refresh token revoked',
  }),
  'token-without-access-token': json(200, {}),
  'token-html': status(200, '<html><body>Log in to Spotify</body></html>', HTML),
} satisfies Record<string, Answer>

export type AnswerName = keyof typeof answers

function changedPage(change: Partial<Record<keyof PlaylistPage, unknown>>): Answer {
  return context => json(200, { ...context.page(), ...change })(context)
}

/** A token endpoint error (RFC 6749 section 5.2): here `error` is a string. */
function invalidClient(code: number): Answer {
  return json(code, { error: 'invalid_client', error_description: 'Invalid client secret' })
}
