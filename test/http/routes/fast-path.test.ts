import fc from 'fast-check'
import t from 'tap'
import { compressions } from '../../../src/http/representation/compression.ts'
import { occupyCompressions } from '../../support/busy-compressions.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { exchange } from '../../support/raw-http.ts'
import { seconds } from '../../support/service.ts'
import {
  type Headers,
  type Method,
  PATH,
  type Started,
  start,
  warmUp,
} from './fast-path-support.ts'

t.test('the second hit for a request needs no route', async t => {
  const { fetch, routed } = await start(t)
  t.equal(await routed(() => fetch(PATH)), 1, 'a miss')
  t.equal(await routed(() => fetch(PATH)), 1, 'the first hit')
  t.equal(await routed(() => fetch(PATH)), 0)
})

interface Step {
  path: string
  headers: Headers
  method: Method
  /** Milliseconds since the previous step. */
  laterMs: number
  repeat: number
}

t.test('a request gets the same response with and without a route', async t => {
  const clock = new ManualClock()
  const fast = await start(t, { clock })
  const slow = await start(t, { clock, others: { logLevel: 'debug' } })
  const paths = ['one', 'smedjan', 'none', 'unknown user'].flatMap(user =>
    ['', '?limit=2', '?format=csv', '?format=text&offset=1', '?format=html'].map(
      query => `/users/${encodeURIComponent(user)}/playlists${query}`,
    ),
  )
  const fields: fc.Arbitrary<Headers>[] = [
    fc.constant({}),
    fc.constantFrom('gzip', 'br', 'identity', 'identity;q=0').map(v => ({ 'accept-encoding': v })),
    fc.constantFrom('text/csv', '*/*', 'text/nothing').map(v => ({ accept: v })),
    fc.constantFrom('no-cache', 'max-age=5', 'only-if-cached').map(v => ({ 'cache-control': v })),
    fc.constantFrom('b.example:81', 'not a host').map(v => ({ host: v })),
    fc.constantFrom('*', '"x"').map(v => ({ 'if-none-match': v })),
    fc.constant({ 'if-modified-since': 'Mon, 23 Nov 2099 08:00:00 GMT' }),
    fc.constant({ 'x-forwarded-proto': 'https' }),
  ]
  const step: fc.Arbitrary<Step> = fc.record({
    path: fc.constantFrom(...paths, ...paths.map(path => `/v1${path}`)),
    headers: fc.oneof(...fields),
    method: fc.constantFrom<Method>('GET', 'GET', 'GET', 'HEAD'),
    laterMs: fc.constantFrom(0, 0, 0, 999, 1000, 200_000),
    repeat: fc.integer({ min: 1, max: 4 }),
  })
  const same = { host: 'a.example', 'x-request-id': 'same' }
  const seen = async ({ fetch }: Started, { path, headers, method }: Step) => {
    const {
      headers: { date: _date, ...fields },
      ...rest
    } = await fetch(path, { ...same, ...headers }, method)
    return { ...rest, fields }
  }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 10 }), async steps => {
      for (const step of steps) {
        await clock.advance(step.laterMs)
        for (let nth = 0; nth < step.repeat; nth++) {
          const one = await seen(fast, step)
          t.same(one, await seen(slow, step))
          // Background revalidations in the two services end at different times.
          const isStale = String(one.fields['cache-status']).includes('ttl=-')
          if (isStale) await Promise.all([fast.quiet(), slow.quiet()])
        }
      }
    }),
    { numRuns: 15 },
  )
})

t.test('requests that need a route go through it', async t => {
  const { fetch, routed, clock } = await start(t)
  await warmUp({ fetch })
  for (const headers of [
    { 'cache-control': 'max-age=60' },
    { accept: 'text/csv' },
    { 'accept-encoding': 'gzip' },
    { host: 'other.example' },
    { origin: 'https://page.example' },
    { 'x-forwarded-proto': 'https' },
  ]) {
    t.equal(await routed(() => fetch(PATH, headers)), 1, Object.keys(headers).join())
  }
  t.equal(await routed(() => fetch(PATH, {}, 'HEAD')), 1)
  t.equal(await routed(() => fetch(`${PATH}?limit=3`)), 1)
  t.equal(await routed(() => fetch(PATH)), 0)
  await clock.advance(seconds(300))
  t.equal(await routed(() => fetch(PATH)), 1, 'the list is stale')
})

t.test(
  'a request without a field differs from a request with the field value "undefined"',
  async t => {
    const { port, fetch, routed } = await start(t)
    const http10 = () => exchange(port, `GET ${PATH} HTTP/1.0\r\n\r\n`)
    const withoutHost = () => exchange(port, `GET ${PATH} HTTP/1.1\r\nConnection: close\r\n\r\n`)
    for (let nth = 0; nth < 3; nth++) {
      t.equal(await routed(async () => t.match(await http10(), /^HTTP\/1.1 200 /)), 1)
    }
    t.match(await withoutHost(), /^HTTP\/1.1 400 /)
    await warmUp({ fetch })
    for (const name of ['accept', 'accept-encoding', 'origin']) {
      t.equal(await routed(() => fetch(PATH, { [name]: 'undefined' })), 1, name)
    }
    t.match(await fetch(PATH, { accept: 'undefined' }), { status: 406 })
  },
)

t.test('a fast path page has no Last-Modified, and a newer read needs the route', async t => {
  const { fetch, routed, clock, quiet } = await start(t)
  const path = `${PATH}?format=html`
  for (let nth = 0; nth < 3; nth++) await fetch(path)
  let last: unknown
  t.equal(await routed(async () => (last = (await fetch(path)).headers['last-modified'])), 0)
  t.equal(last, undefined)
  await clock.advance(seconds(300))
  await fetch(path)
  await quiet()
  t.equal(await routed(() => fetch(path)), 1, 'the same list was read again')
})

t.test('an unusually long target is never remembered', async t => {
  const { fetch, routed } = await start(t)
  const long = `${PATH}?${'x'.repeat(1100)}`
  for (let nth = 0; nth < 3; nth++) t.equal(await routed(() => fetch(long)), 1)
})

t.test('after a revalidation, hits get the new list if it has changed', async t => {
  const { fetch, sandbox, clock, quiet, routed } = await start(t)
  await warmUp({ fetch })
  const revalidate = async () => {
    await clock.advance(seconds(300))
    await fetch(PATH)
    await quiet()
  }
  await revalidate()
  t.equal(await routed(() => fetch(PATH)), 0, 'it has not changed')
  sandbox.setUser('one', [])
  await revalidate()
  t.match(JSON.parse((await fetch(PATH)).body), { total: 0 })
  await fetch(PATH)
  t.equal(await routed(() => fetch(PATH)), 0)
  t.match(JSON.parse((await fetch(PATH)).body), { total: 0 })
})

t.test('hits for a list read again by the service get the new date', async t => {
  const { fetch, clock, routed } = await start(t)
  const date = async () => (await fetch(PATH)).headers['last-modified']
  await warmUp({ fetch })
  const before = await date()
  // The cache then holds the representation, but no longer the list.
  await clock.advance(seconds(50_000))
  const after = await date()
  t.not(after, before)
  t.equal(await routed(async () => t.equal(await date(), after)), 0)
})

t.test('an uncompressed body is not remembered for callers preferring gzip', async t => {
  const { fetch, routed } = await start(t)
  const path = '/users/smedjan/playlists'
  const headers = { 'accept-encoding': 'gzip' }
  await fetch(path)
  const free = occupyCompressions(t)
  const caller = new AbortController()
  const waiting = compressions.compress([], 4 * 1024 * 1024, 'br', caller.signal)
  for (let nth = 0; nth < 3; nth++) {
    t.equal(await routed(() => fetch(path, headers)), 1)
  }
  await free()
  await waiting
  t.match(await fetch(path, headers), { headers: { 'content-encoding': 'gzip' } })
})

t.test('with tracing, all requests go through the routes', async t => {
  const { fetch, routed } = await start(t, { others: { logLevel: 'info', isTraced: true } })
  t.equal(await routed(() => warmUp({ fetch })), 2)
  t.equal(await routed(() => fetch(PATH)), 1)
})
