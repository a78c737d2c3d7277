import t from 'tap'
import { authorizePath, consentFor, REDIRECT_URI, sandboxFor, sentBack } from './support.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

t.test('a person agrees or cancels on the authorization page', async t => {
  const { sandbox, call } = await sandboxFor(t)
  sandbox.switches.redirectUris = [REDIRECT_URI]
  const { status, headers, text } = await call('GET', authorizePath())
  t.equal(status, 200)
  t.equal(headers['content-type'], 'text/html; charset=utf-8')
  t.match(text, 'wants to read: only what is public.')
  t.match(text, 'name="user" value="smedjan"')
  t.match(text, /value="approve">Agree<.*value="deny">Cancel</s)
  t.same(sandbox.issuedCodes, [], 'the page alone is not a consent')

  const agreed = await call('POST', authorizePath(), FORM, 'user=fifty&decision=approve')
  t.match(agreed.headers.location, /^http:\/\/127\.0\.0\.1:3000\/link\/callback\?code=AQ/)
  t.same(sentBack(agreed), { code: sandbox.issuedCodes[0], state: 'a state' })
  const cancelled = await call('POST', authorizePath(), FORM, 'decision=deny')
  t.same(sentBack(cancelled), { error: 'access_denied', state: 'a state' })
  t.equal(sandbox.issuedCodes.length, 1)
})

t.test('the page shows the scopes and escapes untrusted values', async t => {
  const { sandbox, call } = await sandboxFor(t)
  Object.assign(sandbox.switches, { redirectUris: [REDIRECT_URI], signedIn: '"><b>' })
  const { text } = await call('GET', authorizePath({ scope: 'playlist-read-private' }))
  t.match(text, 'wants to read: playlist-read-private.')
  t.match(text, 'value="&#34;&#62;&#60;b&#62;"')
})

t.test(
  'a request with a wrong client id or redirect URI is never redirected to the app',
  async t => {
    const { sandbox, call } = await sandboxFor(t)
    const wrong = [
      { client_id: 'another' },
      { client_id: undefined },
      { redirect_uri: undefined },
      { redirect_uri: `${REDIRECT_URI}/` },
      { redirect_uri: REDIRECT_URI.toUpperCase() },
    ]
    t.equal((await call('GET', authorizePath())).status, 400, 'without a redirect URI in the app')
    sandbox.switches.redirectUris = [REDIRECT_URI]
    sandbox.switches.consent = 'approve'
    for (const changes of wrong) {
      for (const method of ['GET', 'POST']) {
        const { status, headers, text } = await call(method, authorizePath(changes))
        t.equal(status, 400, JSON.stringify(changes))
        t.equal(headers.location, undefined)
        t.match(text, 'client_id' in changes ? 'Invalid client' : 'Invalid redirect URI')
      }
    }
    t.equal((await call('GET', '/authorize')).status, 400)
    t.equal((await call('PUT', authorizePath())).status, 405)
    t.same(sandbox.issuedCodes, [])
  },
)

t.test('the authorization endpoint redirects all other errors to the app', async t => {
  const client = await sandboxFor(t)
  consentFor(client)
  const cases: Array<[changes: Record<string, string | undefined>, error: string]> = [
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ response_type: undefined }, 'unsupported_response_type'],
    [{ code_challenge_method: 'plain' }, 'invalid_request'],
    [{ code_challenge_method: undefined }, 'invalid_request'],
    [{ code_challenge: undefined }, 'invalid_request'],
    [{ scope: 'playlist-read-everything' }, 'invalid_scope'],
    [{ scope: 'playlist-read-private,playlist-read-collaborative' }, 'invalid_scope'],
  ]
  for (const [changes, error] of cases) {
    const reply = await client.call('GET', authorizePath(changes))
    t.same(sentBack(reply), { error, state: 'a state' }, JSON.stringify(changes))
  }
  const { state, ...withoutState } = sentBack(await client.call('GET', authorizePath())) ?? {}
  t.equal(state, 'a state')
  t.match(withoutState, { code: /^AQ/ })
  const stateless = await client.call('GET', authorizePath({ state: undefined }))
  t.same(Object.keys(sentBack(stateless) ?? {}), ['code'])
})

t.test('the redirect URI keeps its query', async t => {
  const client = await sandboxFor(t)
  consentFor(client)
  const redirectUri = 'https://example.com/callback?tenant=1'
  client.sandbox.switches.redirectUris = [redirectUri]
  const reply = await client.call('GET', authorizePath({ redirect_uri: redirectUri }))
  t.match(sentBack(reply), { tenant: '1', code: /^AQ/ })
})

t.test('the `consent` switch decides in place of the user', async t => {
  const { sandbox, call } = await sandboxFor(t)
  sandbox.switches.redirectUris = [REDIRECT_URI]
  sandbox.switches.consent = 'deny'
  t.same(sentBack(await call('GET', authorizePath())), {
    error: 'access_denied',
    state: 'a state',
  })
  sandbox.switches.consent = 'approve'
  t.match(sentBack(await call('GET', authorizePath())), { code: sandbox.issuedCodes[0] })
})

t.test('without show_dialog, a user who agreed to the scopes is not asked again', async t => {
  const client = await sandboxFor(t)
  const { call, sandbox } = client
  await consentFor(client).link('smedjan', 'playlist-read-private')
  sandbox.switches.consent = 'ask'
  const silent = { show_dialog: undefined }
  const statusOf = async (changes: Record<string, string | undefined>) =>
    (await call('GET', authorizePath(changes))).status
  t.equal(await statusOf(silent), 302)
  t.equal(await statusOf({ ...silent, scope: 'playlist-read-private' }), 302)
  t.equal(await statusOf({ ...silent, scope: 'user-read-email' }), 200)
  t.equal(await statusOf({}), 200, 'with show_dialog')
  sandbox.switches.signedIn = 'fifty'
  t.equal(await statusOf(silent), 200, 'another user')
  sandbox.switches.signedIn = 'smedjan'
  sandbox.revokeGrants('smedjan')
  t.equal(await statusOf(silent), 200, 'after the user removed the app')
})
