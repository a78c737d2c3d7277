import t from 'tap'
import { type Misbehaviour, startProxy } from '../support/connect-proxy.ts'
import { seconds, startService } from '../support/service.ts'
import { until } from '../support/until.ts'

const SECRET = 'canary-of-the-proxy'
const CREDENTIALS = `operator:${SECRET}`

t.test('pages and tokens go through the proxy', async t => {
  const proxy = await startProxy(t, CREDENTIALS)
  const { get, sandbox } = await startService(t, { HTTP_PROXY: proxy.url })
  t.match((await get('/users/collector/playlists')).json(), { total: 2000, complete: true })
  const authority = new URL(sandbox.apiUrl).host
  t.same([...new Set(proxy.targets)], [authority])
  t.ok(proxy.targets.length <= 8 + 1, 'one connection for the token, eight for pages')
})

t.test('hosts in NO_PROXY are reached directly', async t => {
  const proxy = await startProxy(t)
  const variables = {
    HTTP_PROXY: proxy.url,
    HTTPS_PROXY: proxy.url,
    NO_PROXY: 'localhost,127.0.0.1',
  }
  const { get } = await startService(t, variables)
  t.equal((await get('/users/one/playlists')).statusCode, 200)
  t.same(proxy.targets, [])
})

t.test('callers and the log see a proxy failure, but not the proxy password', async t => {
  for (const [misbehaviour, code] of [
    ['reset', 'ECONNRESET'],
    ['forbidden', 'PROXY_STATUS_403'],
    ['hang', 'PROXY_TIMEOUT'],
  ] as [Misbehaviour, string][]) {
    const proxy = await startProxy(t, CREDENTIALS)
    const service = await startService(t, { HTTP_PROXY: proxy.url, LOOKUP_TIMEOUT_MS: '60000' })
    const { app, get, clock, lines, written } = service
    await app.ready()
    t.equal((await get('/users/one/playlists')).statusCode, 200)
    proxy.misbehaviour = misbehaviour
    for (const socket of proxy.sockets) socket.destroy()
    await clock.advance(seconds(60))
    const asked = proxy.targets.length
    const lookup = get('/users/two/playlists')
    for (let attempt = 1; misbehaviour === 'hang' && attempt <= 3; attempt++) {
      await until(() => proxy.targets.length === asked + attempt)
      await clock.advance(seconds(5))
      await clock.advance(0)
    }
    const response = await clock.runUntil(lookup)
    t.match(response.json(), { type: '/problems/spotify-unavailable', status: 503 }, misbehaviour)
    t.match(response.json().detail, /^The forward proxy/)
    const line = lines().find(({ problem }) => problem === 'spotify-unavailable')
    t.match(line, { cause_code: code })
    const status = (await get('/status')).body
    const basic = Buffer.from(CREDENTIALS).toString('base64')
    for (const text of [...written, response.body, status]) {
      t.notOk(text.includes(SECRET) || text.includes(basic))
    }
  }
})

t.test('a wrong proxy password fails the first token request', async t => {
  const proxy = await startProxy(t, CREDENTIALS)
  const HTTP_PROXY = proxy.url.replace(SECRET, `wrong-${SECRET}`)
  const { get, lines, written } = await startService(t, { HTTP_PROXY })
  const response = await get('/users/one/playlists')
  t.match(response.json(), { type: '/problems/spotify-unavailable', status: 503 })
  t.match(response.json().detail, /status 407/)
  t.equal((await get('/health/ready')).statusCode, 503)
  t.match(
    lines().find(({ msg }) => msg === 'app token renewal failed'),
    { err: { cause: { code: 'PROXY_STATUS_407' } } },
  )
  t.notOk([response.body, ...written].some(text => text.includes(SECRET)))
})
