import t from 'tap'
import { credentials, FORM, sandboxFor } from './support.ts'

t.test('the client credentials flow issues a token', async t => {
  const { sandbox, requestToken } = await sandboxFor(t)
  const { status, headers, json } = await requestToken()
  t.equal(status, 200)
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
  const token = json()
  t.same(token, {
    access_token: sandbox.issuedTokens[0],
    token_type: 'Bearer',
    expires_in: 3600,
  })
  t.match(token.access_token, /^[\w-]{100,}$/)
})

t.test('each request gets a new token, in the same sequence in every sandbox', async t => {
  const one = await sandboxFor(t)
  const two = await sandboxFor(t)
  const tokens = [await one.token(), await one.token()]
  t.not(tokens[0], tokens[1])
  t.same(one.sandbox.issuedTokens, tokens)
  t.same([await two.token(), await two.token()], tokens)
})

t.test('the token lifetime can be changed', async t => {
  const { sandbox, requestToken } = await sandboxFor(t)
  sandbox.tokenLifetimeSeconds = 30
  t.equal((await requestToken()).json().expires_in, 30)
})

t.test('only the registered app with the right secret gets a token', async t => {
  const app = { clientId: 'an-app', clientSecret: 'with:colon' }
  const { requestToken } = await sandboxFor(t, app)
  t.equal((await requestToken()).status, 200)
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
  const cases: Array<[authorization: string, description: string | undefined]> = [
    [basic('an-app:wrong'), 'Invalid client secret'],
    [basic('an-app:'), 'Invalid client secret'],
    [basic('An-App:with:colon'), 'Invalid client'],
    [basic(':'), 'Invalid client'],
    [basic('an-app'), undefined],
    ['Basic', undefined],
    ['Basic an-app:with:colon', undefined],
    ['Bearer YW4tYXBwOndpdGg6Y29sb24=', undefined],
    ['', undefined],
  ]
  for (const [authorization, description] of cases) {
    const { status, json } = await requestToken({ authorization })
    t.equal(status, 400, authorization)
    t.same(json(), {
      error: 'invalid_client',
      ...(description && { error_description: description }),
    })
  }
})

t.test('the token endpoint refuses a request without credentials', async t => {
  const { call } = await sandboxFor(t)
  const { status, json } = await call('POST', '/api/token', FORM, 'grant_type=client_credentials')
  t.equal(status, 400)
  t.same(json(), { error: 'invalid_client' })
})

t.test('the token endpoint accepts only a form with a known grant type', async t => {
  const { sandbox, requestToken, call } = await sandboxFor(t)
  const missing = 'grant_type parameter is missing'
  const cases = [
    { type: 'application/json', body: '{"grant_type":"client_credentials"}', expected: missing },
    { type: 'application/json', body: 'grant_type=client_credentials', expected: missing },
    { type: FORM['content-type'], body: '', expected: missing },
    { type: FORM['content-type'], body: 'grant_type=', expected: missing },
    {
      type: FORM['content-type'],
      body: 'grant_type=password',
      expected: 'grant_type must be client_credentials, authorization_code or refresh_token',
    },
  ]
  for (const { type, body, expected } of cases) {
    const { status, json } = await requestToken({ 'content-type': type }, body)
    t.equal(status, 400, body)
    t.same(json(), { error: 'unsupported_grant_type', error_description: expected })
  }
  const untyped = await call('POST', '/api/token', credentials(sandbox), 'grant_type=x')
  t.equal(untyped.json().error_description, missing)
  const withCharset = { 'content-type': `${FORM['content-type']}; charset=utf-8` }
  t.equal((await requestToken(withCharset)).status, 200)
})

t.test('the token endpoint refuses other methods and oversized bodies', async t => {
  const { requestToken, call } = await sandboxFor(t)
  const get = await call('GET', '/api/token?grant_type=client_credentials')
  t.equal(get.status, 405)
  t.equal(get.headers.allow, 'POST')
  const grant = 'grant_type=client_credentials&padding='
  t.equal((await requestToken({}, grant.padEnd(16_384, 'x'))).status, 200)
  t.equal((await requestToken({}, grant.padEnd(16_385, 'x'))).status, 413)
})

t.test('a client can disconnect in the middle of the body', async t => {
  const { sandbox, pool, requestToken } = await sandboxFor(t)
  const leaving = new AbortController()
  async function* body() {
    yield 'grant_type='
    await sandbox.arrived('token', 1)
    leaving.abort()
    yield 'client_credentials'
  }
  const headers = { ...credentials(sandbox), ...FORM }
  const request = { path: '/api/token', method: 'POST', headers, signal: leaving.signal } as const
  await t.rejects(pool.request({ ...request, body: body() as unknown as null }))
  t.equal((await requestToken()).status, 200)
  t.equal(sandbox.issuedTokens.length, 1)
})
