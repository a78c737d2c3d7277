import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import t from 'tap'
import { json, status } from '../../sandbox/answer.ts'
import { errorFacts } from '../../src/lib/logger.ts'
import { OAuthClient } from '../../src/links/oauth-client.ts'
import { createTransport } from '../../src/spotify/transport.ts'
import { failureOf } from '../support/failure-of.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { oauthFor, REDIRECT_URI, VERIFIER } from './oauth-support.ts'

t.test('the authorization URL asks for no scope, and always shows the consent page', async t => {
  const { oauth, sandbox } = await oauthFor(t, new ManualClock())
  const url = new URL(await oauth.authorizationUrl('a state', VERIFIER))
  t.equal(`${url.origin}${url.pathname}`, sandbox.authorizeUrl)
  t.same(Object.fromEntries(url.searchParams), {
    client_id: sandbox.clientId,
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    state: 'a state',
    show_dialog: 'true',
    code_challenge_method: 'S256',
    // The example from RFC 7636 appendix B.
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  })
})

t.test('a code is exchanged once, with the secret in the header and the verifier', async t => {
  const { oauth, sandbox, callback, outcomes } = await oauthFor(t, new ManualClock())
  const query = await callback('smedjan')
  t.same(await oauth.exchange(query, 'state', VERIFIER), {
    accessToken: sandbox.issuedTokens[0],
    lifetimeMs: 3_600_000,
    refreshToken: sandbox.issuedRefreshTokens[0],
    scope: '',
  })
  t.match(sandbox.requests.at(-1), {
    method: 'POST',
    path: '/api/token',
    grantType: 'authorization_code',
    headers: { authorization: /^Basic /, accept: 'application/json' },
  })
  t.equal(await oauth.exchange(query, 'state', VERIFIER), 'invalid')
  t.same(outcomes, ['ok', 'denied'])
  const other = await callback('smedjan')
  t.equal(await oauth.exchange(other, 'state', `${VERIFIER}x`), 'invalid')
})

t.test(
  'a callback with a wrong state, or a duplicate or foreign parameter, sends no request',
  async t => {
    const { oauth, sandbox } = await oauthFor(t, new ManualClock())
    const cases: Array<[query: string, result: string]> = [
      ['', 'invalid'],
      ['code=x', 'invalid'],
      ['state=state', 'invalid'],
      ['state=state&code=', 'invalid'],
      ['state=other&code=x', 'invalid'],
      ['state=state&state=state&code=x', 'invalid'],
      ['state=state&code=x&code=y', 'invalid'],
      ['state=state&code=x&iss=https%3A%2F%2Fexample.com', 'invalid'],
      ['state=state&error=server_error', 'invalid'],
      ['state=other&error=access_denied', 'invalid'],
      ['state=state&error=access_denied', 'declined'],
    ]
    for (const [query, result] of cases) {
      const exchanged = await oauth.exchange(new URLSearchParams(query), 'state', VERIFIER)
      t.equal(exchanged, result, query)
    }
    t.equal(sandbox.count('token'), 0)
  },
)

t.test('a refresh keeps the old refresh token or returns a new one', async t => {
  const { oauth, sandbox, grantOf } = await oauthFor(t, new ManualClock())
  const { refreshToken: first } = await grantOf('smedjan')
  t.match(await oauth.refresh(first), { accessToken: /^BQ/, refreshToken: undefined, scope: '' })
  Object.assign(sandbox.switches, { rotation: 'kill-old', extraScope: 'playlist-read-private' })
  const next = await oauth.refresh(first)
  t.equal(next?.refreshToken, sandbox.issuedRefreshTokens[1])
  t.equal(next?.scope, 'playlist-read-private')
  t.equal(await oauth.refresh(first), undefined, 'invalid_grant')
  sandbox.revokeGrants('smedjan')
  t.equal(await oauth.refresh(String(next?.refreshToken)), undefined)
})

t.test('an empty or null refresh token counts as absent', async t => {
  const { oauth, sandbox, callback, grantOf } = await oauthFor(t, new ManualClock())
  const { refreshToken } = await grantOf('smedjan')
  for (const value of ['', null]) {
    const body = { access_token: 'BQx', expires_in: 3600, refresh_token: value, scope: null }
    const remove = sandbox.fault({ on: 'token', answer: json(200, body) })
    t.match(await oauth.refresh(refreshToken), { refreshToken: undefined, scope: '' })
    const query = await callback('smedjan')
    t.match(await failureOf(oauth.exchange(query, 'state', VERIFIER)), {
      type: 'spotify-bad-response',
    })
    remove()
  }
})

t.test('a failing token endpoint is a problem, but does not end the consent', async t => {
  const clock = new ManualClock()
  const { oauth, sandbox, callback, grantOf } = await oauthFor(t, clock)
  const { refreshToken } = await grantOf('smedjan')
  const cases: Array<[answer: Parameters<typeof sandbox.fault>[0]['answer'], type: string]> = [
    ['unavailable-html', 'spotify-unavailable'],
    ['unavailable-text', 'spotify-unavailable'],
    ['server-error', 'spotify-unavailable'],
    ['rate-limited', 'spotify-unavailable'],
    ['reset', 'spotify-bad-response'],
    ['token-html', 'spotify-bad-response'],
    ['token-without-access-token', 'spotify-bad-response'],
    ['invalid-client', 'spotify-credentials-rejected'],
    ['invalid-client-401', 'spotify-credentials-rejected'],
    [status(400, 'invalid_grant'), 'spotify-bad-response'],
    [json(401, { error: 'invalid_grant' }), 'spotify-credentials-rejected'],
  ]
  for (const [answer, type] of cases) {
    const remove = sandbox.fault({ on: 'token', answer })
    t.match(await failureOf(oauth.refresh(refreshToken)), { type }, String(answer))
    const query = await callback('smedjan')
    t.match(await failureOf(oauth.exchange(query, 'state', VERIFIER)), { type })
    remove()
  }
  t.equal((await oauth.refresh(refreshToken))?.scope, '', 'the consent is still valid')
})

t.test('the error for an unusable token response contains no token', async t => {
  const { oauth, sandbox } = await oauthFor(t, new ManualClock())
  const bodies = [
    { access_token: 'BQcanary', expires_in: 3600, refresh_token: { canary: 'AQcanary' } },
    { access_token: 'BQcanary', expires_in: 3600, scope: ['canary'] },
    { access_token: 'BQcanary', expires_in: 3600, id_token: 'canary' },
  ]
  for (const body of bodies) {
    sandbox.fault({ on: 'token', answer: json(200, body), times: 1 })
    const error = await failureOf(oauth.refresh('AQcanary'))
    t.match(error, { type: 'spotify-bad-response' })
    t.notMatch(inspect(error, { depth: 9 }), 'canary')
    t.notMatch(JSON.stringify(errorFacts(error)), 'canary')
  }
})

t.test('stopping the service cancels the code exchange', async t => {
  const { oauth, sandbox, callback, stop } = await oauthFor(t, new ManualClock())
  sandbox.fault({ on: 'token', answer: 'hang' })
  const exchanging = failureOf(oauth.exchange(await callback('smedjan'), 'state', VERIFIER))
  await sandbox.arrived('token', 1)
  stop()
  t.match(await exchanging, { type: 'shutting-down' })
})

t.test(
  'stopping the service lets an in-flight refresh finish, but no new refresh begins',
  async t => {
    const { oauth, sandbox, grantOf, stop } = await oauthFor(t, new ManualClock())
    const { refreshToken } = await grantOf('smedjan')
    sandbox.switches.rotation = 'kill-old'
    sandbox.clear()
    const release = sandbox.hold('token')
    const refreshing = oauth.refresh(refreshToken)
    await sandbox.arrived('token', 1)
    stop()
    release()
    t.equal((await refreshing)?.refreshToken, sandbox.issuedRefreshTokens.at(-1))
    t.match(await failureOf(oauth.refresh(refreshToken)), { type: 'shutting-down' })
    t.equal(sandbox.requests.length, 1)
  },
)

t.test('a refresh lost on a dead connection is not sent again', async t => {
  let requests = 0
  const server = createServer((req, res) => {
    requests++
    if (requests > 1) req.socket.destroy()
    else res.end('{"access_token":"BQx","expires_in":3600}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const clock = new ManualClock()
  const tokenUrl = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/token?a=1`)
  const transport = createTransport(tokenUrl.origin, 1, {
    clock,
    timeoutMs: 5000,
    maxBytes: 1000,
  })
  t.teardown(async () => {
    await transport.close()
    server.close()
  })
  const oauth = new OAuthClient({
    transport,
    tokenUrl,
    authorizeUrl: new URL('https://accounts.spotify.com/authorize'),
    clientId: 'id',
    clientSecret: 'secret',
    redirectUri: REDIRECT_URI,
    clock,
    observe: () => {},
    signal: new AbortController().signal,
  })
  t.match(await oauth.refresh('AQ'), { accessToken: 'BQx' })
  t.match(await failureOf(oauth.refresh('AQ')), { type: 'spotify-bad-response' })
  t.equal(requests, 2)
})
