import t from 'tap'
import { seconds, startService } from '../support/service.ts'

const PATH = '/users/one/playlists'

t.test('every response has an age, a lifetime and a cache status', async t => {
  const { get, clock, quiet } = await startService(t)
  const cacheControl = 'public, max-age=300, stale-while-revalidate=3600, stale-if-error=43200'
  const seen = async () => {
    const { headers } = await get(PATH)
    t.equal(headers['cache-control'], cacheControl)
    return [headers.age, headers['cache-status']]
  }
  const name = 'playlist-proxy'
  t.same(await seen(), ['0', `${name}; fwd=uri-miss; fwd-status=200; stored; ttl=300`])
  await clock.advance(seconds(10))
  t.same(await seen(), ['10', `${name}; hit; ttl=290`])
  await clock.advance(seconds(300))
  t.same(await seen(), ['310', `${name}; hit; ttl=-10`], 'stale, with a background revalidation')
  await quiet()
  t.same(await seen(), ['0', `${name}; hit; ttl=300`])
  await clock.advance(seconds(300 + 3600))
  t.same(await seen(), ['0', `${name}; fwd=stale; fwd-status=200; stored; ttl=300`])
})

t.test("Cache-Status shows that a lookup has waited for another lookup's fetch", async t => {
  const { get } = await startService(t)
  const statuses = await Promise.all([get(PATH), get(PATH)])
  const fields = statuses.map(({ headers }) => String(headers['cache-status']))
  t.same(fields.filter(field => field.includes('collapsed')).length, 1)
  t.ok(fields.every(field => field.includes('fwd=uri-miss; fwd-status=200; stored')))
})

t.test('a stale response after a failed revalidation includes the failure', async t => {
  const { get, clock, sandbox } = await startService(t)
  await get(PATH)
  await clock.advance(seconds(300 + 3600))
  sandbox.fault({ on: 'api', answer: 'rate-limited' })
  const { statusCode, headers } = await get(PATH)
  t.equal(statusCode, 200)
  const status = 'fwd=stale; fwd-status=429; ttl=-3600; detail=spotify-rate-limited'
  t.equal(headers['cache-status'], `playlist-proxy; ${status}`)
  t.equal(headers.age, '3900')
})

t.test('a failure without a cached list is not cacheable and includes the problem', async t => {
  const { get, sandbox } = await startService(t)
  sandbox.fault({ on: 'api', answer: 'html' })
  const { headers } = await get(PATH)
  t.equal(headers['cache-control'], 'no-store')
  t.equal(headers.age, undefined)
  const status = 'fwd=uri-miss; fwd-status=200; detail=spotify-bad-response'
  t.equal(headers['cache-status'], `playlist-proxy; ${status}`)
})

t.test('a 404 is cached for a minute', async t => {
  const { get, clock, sandbox } = await startService(t)
  sandbox.fault({ on: 'api', answer: 'not-found' })
  const seen = async () => {
    const { statusCode, headers } = await get(PATH)
    t.equal(statusCode, 404)
    t.equal(headers['cache-control'], 'public, max-age=60')
    return [headers.age, headers['cache-status']]
  }
  const miss = 'playlist-proxy; fwd=uri-miss; fwd-status=404; stored; ttl=60'
  t.same(await seen(), ['0', miss])
  await clock.advance(seconds(59))
  t.same(await seen(), ['59', 'playlist-proxy; hit; ttl=1'])
  await clock.advance(seconds(1))
  t.same(await seen(), ['0', miss])
  t.equal(sandbox.count('api'), 2)
})

t.test('no-cache revalidates a list, but not more often than allowed', async t => {
  const { get, clock, sandbox } = await startService(t)
  const ask = async (field: string) => {
    const { statusCode, headers } = await get(PATH, { 'cache-control': field })
    return `${statusCode} ${String(headers['cache-status']).slice('playlist-proxy; '.length)}`
  }
  t.equal(await ask('only-if-cached'), '504 detail=not-stored')
  t.equal(sandbox.count('api'), 0)
  await get(PATH)
  await clock.advance(seconds(9))
  t.equal(await ask('no-cache'), '200 hit; ttl=291')
  t.equal(await ask('only-if-cached'), '200 hit; ttl=291')
  t.equal(sandbox.count('api'), 1)
  await clock.advance(seconds(1))
  t.equal(await ask('max-age=20'), '200 hit; ttl=290')
  t.equal(await ask('no-cache'), '200 fwd=request; fwd-status=200; stored; ttl=300')
  t.equal(await ask('no-cache'), '200 hit; ttl=300')
  await clock.advance(seconds(21))
  t.equal(await ask('max-age=20'), '200 fwd=request; fwd-status=200; stored; ttl=300')
  await clock.advance(seconds(300))
  t.equal(await ask('max-age=300'), '200 fwd=stale; fwd-status=200; stored; ttl=300')
  t.equal(sandbox.count('api'), 4)
})

t.test('with max-stale the caller gets a stale list at once', async t => {
  const { get, clock, quiet } = await startService(t)
  await get(PATH)
  await clock.advance(seconds(300 + 3600))
  const { headers } = await get(PATH, { 'cache-control': 'max-stale=3600' })
  t.equal(headers['cache-status'], 'playlist-proxy; hit; ttl=-3600')
  await quiet()
  t.match((await get(PATH)).headers, { age: '0' }, 'a background revalidation followed')
})
