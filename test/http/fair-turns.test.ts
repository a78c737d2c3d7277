import t, { type Test } from 'tap'
import { type Service, seconds, startService } from '../support/service.ts'

const KEYS = { many: 'm'.repeat(32), few: 'f'.repeat(32) }
const API_KEYS = Object.entries(KEYS)
  .map(([name, key]) => `${name}:${key}`)
  .join()
const CONCURRENCY = 8
const AS_MANY = { authorization: `Bearer ${KEYS.many}` }
const list = (user: string) => `/users/${user}/playlists`

/** A service with a queue, where lookups waiting for Spotify use all slots. */
async function busyService(
  t: Test,
  fill: (service: Service) => unknown,
  variables: Record<string, string> = {},
  prepare: (service: Service) => unknown = () => {},
) {
  const service = await startService(t, { API_KEYS, ...variables })
  const { sandbox, clock, get } = service
  const headersOf = (caller: keyof typeof KEYS) => ({ authorization: `Bearer ${KEYS[caller]}` })
  const ask = (caller: keyof typeof KEYS, user: string) => get(list(user), headersOf(caller))
  await ask('few', 'warm')
  await prepare(service)
  const before = sandbox.count('api')
  const release = sandbox.hold('api')
  fill(service)
  await sandbox.arrived('api', before + CONCURRENCY)
  await get('/health/live')
  return {
    ...service,
    ask,
    queued: async () => (await get('/status', headersOf('few'))).json().spotify.queued,
    /** Starts a lookup, and returns how many queued lookups are sent first. */
    async before(caller: keyof typeof KEYS, user: string) {
      const lookup = ask(caller, user)
      await get('/health/live')
      await clock.advance(0)
      release()
      t.equal((await lookup).statusCode, 200)
      const asked = sandbox.requests.filter(({ kind }) => kind === 'api').map(req => req.userId)
      return asked.slice(before + CONCURRENCY).indexOf(user)
    },
  }
}

/** Starts lookups for `count` users with one key. */
const flood = (count: number) => (service: Service) =>
  Array.from({ length: count }, (_, user) => service.get(list(`many${user}`), AS_MANY))

t.test('700 lookups with one key delay a lookup with another key by one request', async t => {
  const { before } = await busyService(t, flood(700))
  t.ok((await before('few', 'wanted')) <= 1)
})

t.test('a queue filled with one key accepts lookups with another key', async t => {
  const { before, ask, queued } = await busyService(t, flood(100), { SPOTIFY_QUEUE: '50' })
  t.equal(await queued(), 50)
  t.match((await ask('many', 'more')).json(), { type: '/problems/overloaded', status: 503 })
  t.ok((await before('few', 'wanted')) <= 1)
})

t.test('a queued lookup runs at the turn of any caller who joins it', async t => {
  const { before } = await busyService(t, flood(100))
  t.ok((await before('few', 'many90')) <= 1)
})

t.test('background revalidations take turns with callers', async t => {
  const prepare = async (service: Service) => {
    await Promise.all(flood(40)(service))
    await service.clock.advance(seconds(400))
  }
  const { before } = await busyService(t, flood(40), {}, prepare)
  t.ok((await before('many', 'wanted')) <= 1)
})

t.test('without keys, callers are identified by address', async t => {
  const { app, sandbox, clock } = await startService(t)
  const ask = (user: string, remoteAddress: string) =>
    app.inject({ url: list(user), remoteAddress })
  const release = sandbox.hold('api')
  // All addresses in an IPv6 /64 block are one caller.
  for (let user = 0; user < 100; user++) ask(`many${user}`, `2001:db8::${user + 1}`)
  await sandbox.arrived('api', CONCURRENCY)
  await clock.advance(0)
  const lookup = ask('wanted', '198.51.100.7')
  await app.inject('/health/live')
  release()
  t.equal((await lookup).statusCode, 200)
  const asked = sandbox.requests.filter(({ kind }) => kind === 'api').map(({ userId }) => userId)
  t.ok(asked.indexOf('wanted') <= CONCURRENCY + 2)
})

t.test('a lookup with too long an X-Forwarded-For is refused', async t => {
  const { get, sandbox } = await startService(t, { TRUST_PROXY: '1' })
  const forwarded = { 'x-forwarded-for': Array(51).fill('192.0.2.1').join(', ') }
  t.equal((await get(list('one'), forwarded)).statusCode, 431)
  t.equal(sandbox.count('api'), 0)
  t.equal((await get(list('one'))).statusCode, 200)
  t.equal((await get(list('one'), forwarded)).statusCode, 200, 'a hit does not read it')
})
