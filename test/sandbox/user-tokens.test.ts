import t from 'tap'
import { authorizePath, consentFor, PKCE, REDIRECT_URI, sandboxFor } from './support.ts'

/** Starts a sandbox with a clock the test can move. */
async function linkable(t: Parameters<typeof sandboxFor>[0]) {
  const clock = { now: Date.UTC(2026, 0, 1) }
  const client = await sandboxFor(t, { now: () => clock.now })
  return { clock, ...client, ...consentFor(client) }
}

t.test('a code is exchanged for an access token and a refresh token', async t => {
  const { sandbox, code, exchange } = await linkable(t)
  const { status, headers, json } = await exchange(await code())
  t.equal(status, 200)
  t.equal(headers['cache-control'], 'no-store')
  t.same(json(), {
    access_token: sandbox.issuedTokens[0],
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: sandbox.issuedRefreshTokens[0],
    scope: '',
  })
  t.equal(sandbox.requests.at(-1)?.grantType, 'authorization_code')
})

t.test('codes and tokens all differ, in the same sequence in every sandbox', async t => {
  const all = async () => {
    const { sandbox, link } = await linkable(t)
    await link('smedjan')
    await link('fifty')
    const { issuedCodes, issuedTokens, issuedRefreshTokens } = sandbox
    return [...issuedCodes, ...issuedTokens, ...issuedRefreshTokens]
  }
  const first = await all()
  t.equal(new Set(first).size, 6)
  t.same(await all(), first)
})

t.test('a code works once, for ten minutes, with the same redirect URI and verifier', async t => {
  const { clock, code, exchange } = await linkable(t)
  const refused = async (value: string, changes: Record<string, string> = {}) => {
    const { status, json } = await exchange(value, changes)
    t.equal(status, 400)
    const { error, error_description } = json()
    return [error, error_description]
  }
  const used = await code()
  t.equal((await exchange(used)).status, 200)
  t.same(await refused(used), ['invalid_grant', 'Invalid authorization code'])
  t.same(await refused('unknown'), ['invalid_grant', 'Invalid authorization code'])
  t.same(await refused(''), ['invalid_request', 'code must be supplied'])

  const other = { redirect_uri: `${REDIRECT_URI}/` }
  const wrong = await code()
  t.same(await refused(wrong, other), ['invalid_grant', 'Invalid redirect URI'])
  t.same(await refused(wrong), ['invalid_grant', 'Invalid authorization code'], 'used up')
  const guess = { code_verifier: `${PKCE.verifier}x` }
  t.same(await refused(await code(), guess), ['invalid_grant', 'code_verifier was incorrect'])
  const plain = await code({ code_challenge: undefined, code_challenge_method: undefined })
  t.same(await refused(plain), ['invalid_grant', 'code_verifier was incorrect'])

  const [early, late] = [await code(), await code()]
  clock.now += 600_000 - 1
  t.equal((await exchange(early)).status, 200)
  clock.now++
  t.same(await refused(late), ['invalid_grant', 'Authorization code expired'])
})

t.test('PKCE is optional, but the credentials are not', async t => {
  const { sandbox, call, code, requestToken } = await linkable(t)
  const value = await code({ code_challenge: undefined, code_challenge_method: undefined })
  const body = `grant_type=authorization_code&code=${value}&redirect_uri=${REDIRECT_URI}`
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const withoutBasic = await call('POST', '/api/token', headers, body)
  t.same([withoutBasic.status, withoutBasic.json()], [400, { error: 'invalid_client' }])
  t.equal((await requestToken({}, body)).status, 200)
  t.equal(sandbox.issuedRefreshTokens.length, 1)
})

t.test("the granted scopes are the requested scopes plus the switch's scopes", async t => {
  const { sandbox, link, refresh } = await linkable(t)
  const asked = await link('smedjan', 'playlist-read-private')
  t.equal(asked.scope, 'playlist-read-private')
  sandbox.switches.extraScope = 'user-read-email'
  t.equal((await link('smedjan')).scope, 'user-read-email')
  const more = (await refresh(asked.refresh_token)).json()
  t.equal(more.scope, 'playlist-read-private user-read-email')
  Object.assign(sandbox.switches, { extraScope: '', emptyScope: 'absent' })
  t.notOk('scope' in (await link('smedjan')))
})

t.test('a refresh keeps the refresh token, adds another, or replaces it', async t => {
  const { sandbox, link, refresh } = await linkable(t)
  const { refresh_token: first } = await link('smedjan')
  const off = (await refresh(first)).json()
  t.notOk('refresh_token' in off)
  t.match(off.access_token, /^BQ/)

  sandbox.switches.rotation = 'on'
  const { refresh_token: second } = (await refresh(first)).json()
  t.not(second, first)
  t.equal((await refresh(first)).status, 200)
  t.equal((await refresh(second)).status, 200)

  sandbox.switches.rotation = 'kill-old'
  const { refresh_token: third } = (await refresh(second)).json()
  const dead = await refresh(second)
  t.equal(dead.status, 400)
  t.same(dead.json(), { error: 'invalid_grant', error_description: 'Refresh token revoked' })
  t.equal((await refresh(third)).status, 200)
  t.equal((await refresh('')).json().error, 'invalid_request')
})

t.test('a consent ends when the user revokes it, but access tokens stay valid', async t => {
  const { sandbox, control, link, refresh, get } = await linkable(t)
  const { refresh_token: one, access_token: access } = await link('smedjan')
  const other = await link('fifty')
  t.equal((await control('POST', '/users/smedjan/revoke')).status, 204)
  t.equal((await refresh(one)).json().error, 'invalid_grant')
  t.equal((await refresh(other.refresh_token)).status, 200)
  t.equal((await get('/v1/me', access)).status, 200)
  const again = await link('smedjan')
  t.equal((await refresh(again.refresh_token)).status, 200, 'a new consent')
  sandbox.revokeTokens()
  t.equal((await get('/v1/me', access)).status, 401)
})

t.test('a code from a revoked consent is refused', async t => {
  const { sandbox, code, exchange } = await linkable(t)
  const value = await code()
  sandbox.revokeGrants('smedjan')
  t.equal((await exchange(value)).json().error, 'invalid_grant')
})

t.test('a consent lasts six months, regardless of refreshes', async t => {
  const { clock, sandbox, control, link, refresh } = await linkable(t)
  sandbox.switches.rotation = 'on'
  let { refresh_token: token } = await link('smedjan')
  clock.now += 181 * 86_400_000 - 1
  token = (await refresh(token)).json().refresh_token
  clock.now++
  t.equal((await refresh(token)).json().error, 'invalid_grant')

  const fresh = await link('smedjan')
  t.equal((await control('POST', '/users/smedjan/age')).status, 204)
  t.equal((await refresh(fresh.refresh_token)).json().error, 'invalid_grant')
})

t.test('a fault can apply to one grant type', async t => {
  const { control, token, link, refresh } = await linkable(t)
  const { refresh_token: kept } = await link('smedjan')
  const fault = { on: 'token', answer: 'invalid-grant', grant_type: 'refresh_token', times: 1 }
  t.equal((await control('POST', '/faults', fault)).status, 204)
  t.match(await token(), /^BQ/)
  t.equal((await refresh(kept)).json().error, 'invalid_grant')
  t.equal((await refresh(kept)).status, 200, 'the token was valid all the time')
})

t.test('an app without a redirect URI cannot get a code', async t => {
  const { call, sandbox } = await sandboxFor(t)
  sandbox.switches.consent = 'approve'
  t.equal((await call('GET', authorizePath())).status, 400)
})
