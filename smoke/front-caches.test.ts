import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { freePort } from '../sandbox/free-port.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import { type FrontCache, frontCaches } from '../test/support/front-caches.ts'
import { eventually } from '../test/support/valkey.ts'

const PATH = '/users/caller/playlists'
const API_KEY = 'website-0123456789abcdef0123456789abcdef'

/** Lets a test move the service's wall clock forward. */
const MOVABLE_CLOCK = `data:text/javascript,${encodeURIComponent(`
  const now = Date.now
  let movedMs = 0
  Date.now = () => now() + movedMs
  process.on('message', ms => { movedMs = ms; process.send('moved') })
  process.channel.unref()
`)}`

/** Starts the built service behind a cache, and a user with a single playlist. */
async function serviceBehind(cache: FrontCache, t: Test, variables: Record<string, string> = {}) {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  const port = await freePort()
  const start = async () => {
    const service = await startServiceProcess({
      sandbox,
      nodeArguments: ['--import', MOVABLE_CLOCK, 'dist/server.js'],
      channels: ['ipc'],
      environment: { PORT: String(port), LOG_LEVEL: 'debug', ...variables },
    })
    t.teardown(() => service.stop('SIGKILL'))
    return service
  }
  const service = await start()
  const url = await cache.start(t, port)
  const setTotal = (total: number) =>
    sandbox.setUser('caller', sandbox.user('smedjan')?.slice(0, total) ?? [])
  setTotal(1)
  const askAt = async (origin: string, headers: Record<string, string> = {}, path = PATH) => {
    const response = await request(`${origin}${path}`, { headers })
    const text = await response.body.text()
    const field = (name: string) => String(response.headers[name] ?? '')
    return {
      status: response.statusCode,
      text,
      field,
      total: Number(/"total":\s*(\d+)/.exec(text)?.[1]),
      isHit: field('cache-status').endsWith(`${cache.name}; hit`),
    }
  }
  return {
    sandbox,
    service,
    start,
    setTotal,
    ask: (headers?: Record<string, string>, path?: string) => askAt(url, headers, path),
    askService: () => askAt(service.url),
    async moveClock(seconds: number) {
      service.child.send(seconds * 1000)
      await once(service.child, 'message')
    },
  }
}

for (const cache of frontCaches) {
  t.test(`${cache.name} in front of the service`, { skip: cache.without }, async t => {
    t.test('serves a list again, and 304, without the service', async t => {
      const { ask } = await serviceBehind(cache, t, { CALLER_REQUESTS_PER_MINUTE: '100' })
      const first = await ask()
      t.match(first, { status: 200, total: 1, isHit: false })
      t.match(first.field('cache-status'), /^playlist-proxy; fwd=uri-miss/)
      t.match(first.field('ratelimit'), /"caller";r=99/)
      const second = await ask()
      t.match(second, { status: 200, text: first.text, isHit: true })
      t.equal(second.field('x-request-id'), first.field('x-request-id'))
      t.equal(second.field('ratelimit'), '', 'the rate limit is that of another caller')
      const third = await ask({ 'if-none-match': first.field('etag') })
      t.match(third, { status: 304, text: '', isHit: true })
    })

    t.test('keeps formats, codings, hosts and origins apart', async t => {
      const { ask } = await serviceBehind(cache, t, {
        CORS_ORIGINS: 'https://one.example,https://two.example',
      })
      await ask({ accept: 'application/json', host: 'one.example' })
      const page = await ask({ accept: 'text/html', host: 'one.example' })
      t.match(page.field('content-type'), 'text/html')
      const list = await ask({ accept: 'application/json', host: 'one.example' })
      t.match(list, { isHit: true, total: 1, text: 'http://one.example/' })
      t.equal(list.field('content-encoding'), '')
      const other = await ask({ accept: 'application/json', host: 'two.example' })
      t.match(other, { isHit: false, text: 'http://two.example/' })
      for (const origin of ['https://one.example', 'https://two.example']) {
        const allowed = await ask({ origin })
        t.equal(allowed.field('access-control-allow-origin'), origin)
      }
      const path = '/users/smedjan/playlists'
      for (const isHit of [false, true]) {
        const compressed = await ask({ 'accept-encoding': 'gzip' }, path)
        t.match(compressed, { status: 200, isHit })
        t.equal(compressed.field('content-encoding'), 'gzip')
      }
      t.match(await ask({}, path), { total: 120 })
    })

    t.test('stores neither problems nor lists that need a key', async t => {
      const { ask } = await serviceBehind(cache, t, { API_KEYS: `website:${API_KEY}` })
      const key = { authorization: `Bearer ${API_KEY}` }
      for (const _ of [1, 2]) t.match(await ask(key), { status: 200, isHit: false })
      for (const _ of [1, 2]) t.match(await ask(), { status: 401, isHit: false })
      const path = '/users/%20/playlists'
      for (const _ of [1, 2]) t.match(await ask(key, path), { status: 400, isHit: false })
    })

    t.test("leaves callers' Cache-Control to the service", async t => {
      const { ask, setTotal } = await serviceBehind(cache, t, { CACHE_MIN_REFRESH_SECONDS: '0' })
      t.match(await ask({ 'cache-control': 'only-if-cached' }), { status: 504 })
      await ask()
      setTotal(2)
      t.match(await ask(), { total: 1, isHit: true })
      t.match(await ask({ 'cache-control': 'no-cache' }), { total: 2, isHit: false })
      t.match(await ask(), { total: 2, isHit: true }, 'it keeps the newer list')
    })

    t.test("counts the time a list spent in the service's cache", async t => {
      const { ask, askService, setTotal, moveClock } = await serviceBehind(cache, t, {
        CACHE_STALE_WHILE_REVALIDATE_SECONDS: '0',
      })
      t.match(await askService(), { total: 1 })
      setTotal(2)
      await moveClock(298)
      const old = await ask()
      t.match(old, { total: 1 })
      t.ok(Number(old.field('age')) >= 298)
      await eventually(async () => (await ask()).total === 2)
    })

    t.test('serves a stale list while the service makes a new one', async t => {
      const { ask, service, setTotal } = await serviceBehind(cache, t, { CACHE_FRESH_SECONDS: '1' })
      await ask()
      setTotal(2)
      service.child.kill('SIGSTOP')
      await sleep(2100)
      t.match(await ask(), { status: 200, total: 1, isHit: true })
      service.child.kill('SIGCONT')
      await eventually(async () => (await ask()).total === 2)
    })

    t.test('serves a stale list while the service fails, but not for ever', async t => {
      const { ask, service, start, sandbox } = await serviceBehind(cache, t, {
        CACHE_FRESH_SECONDS: '1',
        CACHE_STALE_WHILE_REVALIDATE_SECONDS: '8',
        CACHE_STALE_IF_ERROR_SECONDS: '0',
      })
      await ask()
      await service.stop('SIGKILL')
      await sleep(2100)
      for (const _ of [1, 2]) t.match(await ask(), { status: 200, total: 1, isHit: true })
      sandbox.fault({ on: 'api', answer: 'quota-exceeded' })
      const restarted = await start()
      for (const _ of [1, 2, 3]) t.match(await ask(), { status: 200, total: 1, isHit: true })
      await eventually(() => restarted.log.some(line => line.includes('spotify-quota-exceeded')))
      t.match(await ask(), { status: 200, total: 1, isHit: true })
      await eventually(async () => (await ask()).status === 503)
    })

    const verb = cache.usesStaleIfError ? 'uses' : 'does not use'
    t.test(`${verb} stale-if-error`, async t => {
      const { ask, service } = await serviceBehind(cache, t, {
        CACHE_FRESH_SECONDS: '1',
        CACHE_STALE_WHILE_REVALIDATE_SECONDS: '0',
      })
      await ask()
      await service.stop('SIGKILL')
      await sleep(2100)
      const { status } = await ask()
      t.equal(status === 200, cache.usesStaleIfError)
    })
  })
}
