import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { HTML, ownerPagesFor } from './owner-support.ts'

const CURL = { accept: '*/*' }

t.test(
  'an owner opens the address, presses the button, agrees, and the account is linked',
  async t => {
    const { invite, get, post, followed, target, sandbox, links } = await ownerPagesFor(t)
    const path = await invite('smedjan')
    const page = await get(path)
    t.equal(page.statusCode, 200)
    t.match(page.headers, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': `default-src 'none'; style-src 'self'; img-src http: https: data:; form-action 'self' ${new URL(sandbox.authorizeUrl).origin}; frame-ancestors 'none'; base-uri 'none'`,
    })
    t.match(page.body, '<h1>Link your Spotify account</h1>')
    t.match(page.body, '<strong><bdi>smedjan</bdi></strong>')
    t.match(page.body, `<form action="${path}" method="post">`)
    t.notMatch(page.body, 'End the link')

    const pressed = await post(path, { action: 'link' })
    t.equal(pressed.statusCode, 303)
    t.match(pressed.headers, { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    const url = new URL(String(pressed.headers.location))
    t.equal(url.origin + url.pathname, sandbox.authorizeUrl)
    t.equal(url.searchParams.get('show_dialog'), 'true')
    t.notOk(url.searchParams.has('scope'))

    const back = await get(target(await followed(pressed, 'smedjan')))
    t.equal(back.statusCode, 303)
    t.match(back.headers, { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    const own = await get(String(back.headers.location))
    t.equal(own.statusCode, 200)
    t.match(own.body, '<h1>Your Spotify account is linked</h1>')
    t.match(own.body, 'Link the account again')
    t.match(own.body, 'End the link')
    t.match(links.find('smedjan'), { state: { name: 'active' } })
    const sent = sandbox.requests.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`)
    t.same(sent, ['GET /authorize', 'POST /api/token', 'GET /v1/me'], 'one request of each kind')

    const used = await get(path)
    t.match(used.body, '<h1>Your Spotify account is linked</h1>')
    t.notMatch(used.body, 'Link the account again')
    t.match((await post(path, {}, CURL)).json(), { type: '/problems/link-invalid', status: 400 })
  },
)

t.test('an owner ends the link, and the address stops working', async t => {
  const { linkAs, get, post, links, file, forgotten } = await ownerPagesFor(t)
  const path = await linkAs('smedjan')
  const { body, statusCode, headers } = await post(path, { action: 'end' })
  t.equal(statusCode, 200)
  t.equal(headers['cache-control'], 'no-store')
  t.match(body, '<h1>Your Spotify account is no longer linked</h1>')
  t.match(body, '<bdi>smedjan</bdi>')
  t.equal(links.find('smedjan'), undefined)
  t.equal(forgotten.length, 1)
  t.equal(readFileSync(file, 'utf8'), '{"version":1,"links":{}}\n')
  for (const action of ['end', 'link']) {
    t.match((await post(path, { action }, CURL)).json(), { type: '/problems/link-invalid' })
  }
  const page = await get(path)
  t.equal(page.statusCode, 400)
  t.match(page.body, 'This address is incomplete, used or expired, or its link has ended.')
  t.match(page.body, 'If you see this page again, ask the operator for a new address.')
})

t.test('the pasted address links the account without any browser state', async t => {
  const { invite, agree, get, post, links, sandbox } = await ownerPagesFor(t)
  const path = await invite('smedjan')
  t.match((await get(path)).body, `<form action="${path}/finish" method="post">`)
  const other = await invite('fifty')
  const url = await agree(path, 'smedjan')
  sandbox.clear()
  for (const pasted of [
    '',
    'nonsense',
    url.replace(/&state.*/, ''),
    'http://127.0.0.1:3000/link',
  ]) {
    const page = await post(`${path}/finish`, { url: pasted })
    t.equal(page.statusCode, 400)
    t.match(page.headers, { 'cache-control': 'no-store', vary: 'Accept' })
    t.match(page.body, '<p class="error" id="url-error">This is not the address of the page')
    t.match(page.body, 'aria-invalid="true" aria-describedby="url-error url-hint"')
    const json = await post(`${path}/finish`, { url: pasted }, CURL)
    t.match(json.json(), { type: '/problems/link-invalid', instance: '/link/{token}/finish' })
  }
  t.match((await post(`${other}/finish`, { url })).statusCode, 400, "another user's invitation")
  t.equal((await post(`${path}/finish`)).statusCode, 400, 'nothing pasted')
  t.equal((await post('/link/nonsense/finish', { url })).statusCode, 400)
  t.equal(sandbox.requests.length, 0)
  t.equal(links.list().length, 0)

  const done = await post(`${path}/finish`, { url: ` ${url}\n` }, CURL)
  t.equal(done.statusCode, 303)
  t.match((await get(String(done.headers.location))).body, 'Your Spotify account is linked')
  t.match((await post(`${path}/finish`, { url }, CURL)).json(), { type: '/problems/link-invalid' })
  t.equal((await post(`${path}/finish`, { url })).statusCode, 400, 'used')
})

t.test(
  'a declined consent or another account creates no link, and the page says what to do',
  async t => {
    const { invite, agree, get, post, target, sandbox, links, file } = await ownerPagesFor(t)
    const path = await invite('smedjan')
    sandbox.switches.consent = 'deny'
    const declined = await get(target(await agree(path, 'smedjan')))
    t.equal(declined.statusCode, 403)
    t.match(declined.body, 'open the address that you got from the operator again')
    const pasted = await post(`${path}/finish`, { url: await agree(path, 'smedjan') }, CURL)
    t.match(pasted.json(), { type: '/problems/link-declined', status: 403 })

    sandbox.switches.consent = 'approve'
    const wrong = await get(target(await agree(path, 'fifty')))
    t.equal(wrong.statusCode, 409)
    t.match(wrong.body, 'is not smedjan')
    t.match(wrong.body, 'Sign out of Spotify')
    t.notMatch(wrong.body, 'fifty')
    sandbox.switches.extraScope = 'playlist-read-private'
    const wide = await get(target(await agree(path, 'smedjan')), CURL)
    t.match(wide.json(), { type: '/problems/link-wrong-account', status: 409 })
    t.equal(links.list().length, 0)
    t.equal(readFileSync(file, 'utf8'), '{"version":1,"links":{}}\n')
  },
)

t.test('a callback works once and for ten minutes, an invitation for a day', async t => {
  const { invite, agree, get, post, target, clock, sandbox } = await ownerPagesFor(t)
  const path = await invite('smedjan')
  const late = target(await agree(path, 'smedjan'))
  clock.suspend(600_000)
  sandbox.clear()
  const page = await get(late)
  t.equal(page.statusCode, 400)
  t.match(page.body, 'more than ten minutes old')
  t.equal(sandbox.requests.length, 0)
  const url = target(await agree(path, 'smedjan'))
  t.equal((await get(url)).statusCode, 303)
  sandbox.clear()
  t.match((await get(url, CURL)).json(), { type: '/problems/link-invalid' })
  t.equal(sandbox.requests.length, 0)

  const old = await invite('fifty')
  clock.suspend(86_400_000)
  for (const response of [
    await get(old, CURL),
    await post(old, {}, CURL),
    await post(old, { action: 'end' }, CURL),
    await post(`${old}/finish`, { url }, CURL),
  ]) {
    t.match(response.json(), { type: '/problems/link-invalid', status: 400 })
  }
})

t.test('a changed, borrowed or invented text gets 400 and costs no request', async t => {
  const { invite, agree, get, post, target, sandbox, links, written } = await ownerPagesFor(t)
  const path = await invite('smedjan')
  const ticket = path.slice('/link/'.length)
  const url = new URL(await agree(path, 'smedjan'))
  const state = String(url.searchParams.get('state'))
  const code = String(url.searchParams.get('code'))
  sandbox.clear()
  const statuses = new Set<number>()
  const send = async (token: string, query: string) => {
    const encoded = encodeURIComponent(token)
    for (const response of [
      await get(`/link/${encoded}`),
      await get(`/link/${encoded}`, CURL),
      await post(`/link/${encoded}`),
      await post(`/link/${encoded}`, { action: 'end' }),
      await post(`/link/${encoded}/finish`, { url: url.href }),
      await post(`${path}/finish`, { url: `http://127.0.0.1:3000/link/callback?${query}` }),
      await get(`/link/callback?${query}`),
    ]) {
      statuses.add(response.statusCode)
    }
  }
  const seed = fc.constantFrom(ticket, state, code, 'callback')
  const changed = fc
    .tuple(seed, fc.nat(150), fc.string({ minLength: 1 }))
    .map(([text, at, more]) => text.slice(0, at) + more + text.slice(at + more.length + 1))
  const texts = fc.oneof(fc.string({ minLength: 1 }), changed, fc.constantFrom(code))
  await fc.assert(
    fc.asyncProperty(
      texts.filter(text => ![ticket, state, 'callback', '.', '..'].includes(text)),
      text => send(text, new URLSearchParams({ code, state: text }).toString()),
    ),
    { numRuns: 100 },
  )
  await send(state, 'error=access_denied')
  await send('x', `code=${code}&state=${ticket}`)
  await send('x'.repeat(5000), 'error=access_denied')
  t.same([...statuses], [400])
  const long = await get(`/link/${'x'.repeat(5000)}`, CURL)
  t.match(long.json(), { type: '/problems/link-invalid', instance: '/link/{token}' })
  t.equal(sandbox.requests.length, 0)
  t.equal(links.list().length, 0)
  t.notOk(written.join('').includes(ticket) || written.join('').includes(code))
  t.equal((await get(target(url.href))).statusCode, 303, 'none of it used up the state')
})

t.test('thousands of GET and HEAD requests for the owner pages have no effect', async t => {
  const { linkAs, invite, agree, app, target, file, links, sandbox, forgotten } =
    await ownerPagesFor(t)
  const own = await linkAs('fifty')
  const path = await invite('smedjan')
  const callback = target(await agree(path, 'smedjan'))
  sandbox.clear()
  const before = readFileSync(file, 'utf8')
  const statuses = new Set<number>()
  for (let round = 0; round < 1000; round++) {
    const method = round % 2 === 0 ? 'GET' : 'HEAD'
    for (const url of [own, path]) statuses.add((await app.inject({ method, url })).statusCode)
    statuses.add((await app.inject({ method: 'HEAD', url: callback })).statusCode)
  }
  t.same([...statuses], [200, 405])
  t.equal(readFileSync(file, 'utf8'), before)
  t.same([links.list().length, sandbox.requests.length, forgotten.length], [1, 0, 0])
  t.equal((await app.inject({ url: callback })).statusCode, 303, 'the code still works')
})

t.test('no request field changes the redirect URI', async t => {
  const { invite, app, sandbox } = await ownerPagesFor(t)
  const url = await invite('smedjan')
  const redirectUri = sandbox.switches.redirectUris[0]
  const text = fc.stringMatching(/^[\w.:/-]{1,40}$/)
  await fc.assert(
    fc.asyncProperty(fc.domain(), text, text, async (host, proto, value) => {
      const headers = {
        host,
        forwarded: `host=${value};proto=${proto}`,
        'x-forwarded-host': value,
        'x-forwarded-proto': proto,
        'x-forwarded-port': '1',
        'x-forwarded-prefix': `/${value}`,
        'x-original-url': `/${value}`,
      }
      const { headers: fields, statusCode } = await app.inject({ method: 'POST', url, headers })
      t.equal(statusCode, 303)
      const { searchParams } = new URL(String(fields.location))
      t.equal(searchParams.get('redirect_uri'), redirectUri)
    }),
    { numRuns: 200 },
  )
})

t.test('a form on another site has no effect', async t => {
  const { linkAs, post, links } = await ownerPagesFor(t)
  const path = await linkAs('smedjan')
  const host = 'lists.example'
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: `https://${host}` },
    { 'sec-fetch-site': 'cross-site', origin: 'null' },
    { origin: 'https://other.example' },
    { origin: `https://${host}.other.example` },
    { origin: 'nonsense' },
  ]) {
    for (const url of [path, `${path}/finish`]) {
      const refused = await post(url, { action: 'end' }, { host, ...headers })
      t.match(refused.json(), { type: '/problems/bad-request', status: 400 })
    }
  }
  const page = await post(path, {}, { ...HTML, 'sec-fetch-site': 'cross-site' })
  t.match(page.body, 'press a button on that page')
  t.ok(links.find('smedjan'))
  for (const headers of [
    {},
    { 'sec-fetch-site': 'same-origin', origin: 'null' },
    { 'sec-fetch-site': 'none' },
    { origin: 'null' },
    { origin: `http://${host}`, host: 'Lists.example' },
  ]) {
    t.equal((await post(path, {}, { host, ...headers })).statusCode, 303)
  }
})

t.test('requests that no button sends are refused', async t => {
  const { linkAs, app, post, links } = await ownerPagesFor(t)
  const url = await linkAs('smedjan')
  t.equal((await app.inject({ method: 'POST', url })).statusCode, 303, 'curl -X POST')
  for (const response of [
    await post(url, { action: 'burn' }, CURL),
    await post(url, { action: 'end', more: 'x'.repeat(20_000) }, CURL),
    await app.inject({ method: 'POST', url, payload: { action: 'end' } }),
    await app.inject({ method: 'POST', url, payload: 'action=end' }),
  ]) {
    t.match(response.json(), { type: '/problems/bad-request', status: 400 })
  }
  for (const [method, path, allow] of [
    ['DELETE', url, 'GET, HEAD, POST'],
    ['PUT', url, 'GET, HEAD, POST'],
    ['GET', `${url}/finish`, 'POST'],
    ['HEAD', '/link/callback', 'GET'],
    ['POST', '/link/callback', 'GET'],
    ['OPTIONS', '/link/callback', 'GET'],
  ] as const) {
    const { statusCode, headers } = await app.inject({ method, url: path })
    t.same([statusCode, headers.allow], [405, allow], `${method} ${path}`)
  }
  t.ok(links.find('smedjan'))
})

t.test("the owner pages need no API key, but count against the caller's limit", async t => {
  const { invite, get, post } = await ownerPagesFor(t, {}, { CALLER_REQUESTS_PER_MINUTE: '3' })
  const path = await invite('smedjan')
  t.equal((await get('/link')).statusCode, 401, 'other paths need one')
  for (const response of [await get(path), await post(path), await get('/link/callback')]) {
    t.ok(response.headers.ratelimit)
    t.not(response.statusCode, 429)
  }
  const page = await post(path)
  t.equal(page.statusCode, 429)
  t.match(page.body, '<p>Try again in ')
})

t.test(
  'when Spotify fails, the owner gets plain advice and the service stores nothing',
  async t => {
    const { invite, agree, get, target, sandbox, links } = await ownerPagesFor(t)
    const path = await invite('smedjan')
    sandbox.switches.unregistered = ['smedjan']
    const refused = await get(target(await agree(path, 'smedjan')))
    t.equal(refused.statusCode, 502)
    t.match(refused.body, 'add you to the users of their app')
    t.match(refused.body, 'not-registered: ')
    sandbox.switches.unregistered = []
    sandbox.fault({ on: 'api', answer: 'rate-limited', times: 1 })
    const limited = await get(target(await agree(path, 'smedjan')))
    t.equal(limited.statusCode, 503)
    t.match(limited.body, 'Nothing is kept. Wait some minutes')
    t.match(limited.body, '<p>Try again in ')
    t.equal(links.list().length, 0)
  },
)

t.test('behind a proxy with a path prefix, form and redirects have the prefix', async t => {
  const { invite, agree, get, post, target } = await ownerPagesFor(t, {
    publicUrl: 'https://lists.example/base',
    redirectUri: 'https://lists.example/base/link/callback',
    privacyUrl: 'https://lists.example/privacy?a&b',
  })
  const path = await invite('smedjan')
  const { body } = await get(path)
  t.match(body, `<form action="/base${path}" method="post">`)
  t.match(
    body,
    '<a href="https://lists.example/privacy?a&#38;b">privacy policy of the operator</a>',
  )
  t.notMatch(body, 'finish', 'Spotify sends every browser to the server')
  const { headers } = await get(target(await agree(path, 'smedjan')))
  t.match(headers.location, /^\/base\/link\/e/)
  t.match((await post(`${path}/finish`, {}, CURL)).json(), {
    instance: '/base/link/{token}/finish',
  })
})

t.test('a body that is not a form gets a problem that says what to send', async t => {
  const { app, invite } = await ownerPagesFor(t)
  const path = await invite('smedjan')
  for (const url of [path, `${path}/finish`]) {
    for (const [payload, type] of [
      ['{}', 'application/json'],
      ['url=x', 'text/plain'],
      [`url=${'x'.repeat(20_000)}`, 'application/x-www-form-urlencoded'],
    ] as const) {
      const headers = { 'content-type': type }
      const response = await app.inject({ method: 'POST', url, payload, headers })
      const detail =
        'The body must be a form of at most 16 kB, with the Content-Type application/x-www-form-urlencoded.'
      t.match(response.json(), { type: '/problems/bad-request', detail }, `${url} ${type}`)
    }
  }
})
