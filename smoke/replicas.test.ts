import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import {
  eventually,
  type OwnRedisServer,
  startOwnRedis,
  withoutOwnRedis,
} from '../test/support/valkey.ts'

const LOOKUPS = 500
/** After this time all replicas know about a pause. */
const PUBLISHED_MS = 1000
/** The longest a dead Redis is allowed to delay a response. */
const ADDED_MS = 60
const STOPPED_MS = 10_000
/** Longer than the default time-out, shorter than the budget time-out. */
const PAUSE_MS = 400

/** Starts replicas of the built service that share a Redis and a sandbox. */
async function replicasFor(t: Test, variables: Record<string, string> = {}) {
  const redis = await startOwnRedis(t)
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  const start = async () => {
    const environment = { SHARED_CACHE_URL: redis.url, ...variables }
    const service = await startServiceProcess({ sandbox, environment })
    const pool = new Pool(service.url, { connections: LOOKUPS })
    t.teardown(async () => {
      await pool.destroy()
      await service.stop()
    })
    const ask = async (user: string, headers = {}) => {
      const startMs = performance.now()
      const { statusCode, body } = await pool.request({
        path: `/users/${user}/playlists`,
        method: 'GET',
        headers,
      })
      const text = await body.text()
      return { statusCode, text, durationMs: performance.now() - startMs }
    }
    const status = async () => {
      const { body } = await pool.request({ path: '/status', method: 'GET' })
      return (await body.json()) as {
        shared_cache: { state: string }
        spotify: { requests_24h: number; gate: string }
      }
    }
    return { service, ask, status }
  }
  const flood = (replica: Awaited<ReturnType<typeof start>>, user: string) =>
    Promise.all(Array.from({ length: LOOKUPS }, () => replica.ask(user)))
  return { redis, sandbox, start, flood }
}

const options = { skip: withoutOwnRedis }

t.test('500 first lookups on each of two replicas fetch each page once', options, async t => {
  const { sandbox, start, flood } = await replicasFor(t)
  const replicas = [await start(), await start()] as const
  const responses = (await Promise.all(replicas.map(one => flood(one, 'smedjan')))).flat()
  t.ok(responses.every(({ statusCode, text }) => statusCode === 200 && /"total":120/.test(text)))
  t.equal(sandbox.count('api'), 3)
  const third = await start()
  t.equal((await third.ask('smedjan')).statusCode, 200)
  t.equal(sandbox.count('api'), 3, 'a new replica gets the list from Redis')
  t.equal((await third.status()).spotify.requests_24h, 3)
})

t.test(
  'when the fetching replica is killed, another takes over and serves its callers',
  options,
  async t => {
    const { sandbox, start, flood } = await replicasFor(t)
    const [first, second] = [await start(), await start()]
    const release = sandbox.hold('api')
    const lost = Promise.allSettled(Array.from({ length: LOOKUPS }, () => first.ask('smedjan')))
    await sandbox.arrived('api', 1)
    const waiting = flood(second, 'smedjan')
    first.service.child.kill('SIGKILL')
    await once(first.service.child, 'exit')
    await lost
    await sandbox.arrived('api', 2)
    release()
    const responses = await waiting
    t.ok(responses.every(({ statusCode }) => statusCode === 200))
    t.ok(sandbox.count('api') <= 2 * 3, `${sandbox.count('api')} requests`)
  },
)

t.test('a refusal received by one replica pauses the others', options, async t => {
  const { sandbox, start } = await replicasFor(t)
  const [first, second] = [await start(), await start()]
  sandbox.fault({ on: 'api', times: 1, answer: 'quota-exceeded' })
  t.equal((await first.ask('one')).statusCode, 503)
  await sleep(PUBLISHED_MS)
  t.equal((await second.ask('fifty')).statusCode, 503)
  t.equal(sandbox.count('api'), 1)
  t.equal((await second.status()).spotify.gate, 'paused')
  const late = await start()
  t.equal((await late.ask('smedjan')).statusCode, 503)
  t.equal(sandbox.count('api'), 1, 'a replica that starts later is paused too')
})

t.test('replicas share a budget of 100 exactly', options, async t => {
  for (const pauseMs of [0, PAUSE_MS]) {
    const { redis, sandbox, start } = await replicasFor(t, { SPOTIFY_DAILY_BUDGET: '100' })
    const replicas = [await start(), await start()]
    const lookups = Promise.all(
      replicas.flatMap(({ ask }, nth) =>
        Array.from({ length: 100 }, (_, user) => ask(`user${nth}x${user}`)),
      ),
    )
    await sandbox.arrived('api', 20)
    if (pauseMs > 0) {
      redis.stop()
      await sleep(pauseMs)
      redis.resume()
    }
    const responses = await lookups
    t.equal(sandbox.count('api'), 100, `Redis pauses for ${pauseMs} ms`)
    t.equal(responses.filter(({ statusCode }) => statusCode === 200).length, 100)
    for (const { status } of replicas) {
      await eventually(async () => (await status()).spotify.requests_24h === 100)
    }
  }
})

t.test('replicas never exceed a budget of 100 while Redis fails', options, async t => {
  const disturbances: [string, (redis: OwnRedisServer) => Promise<void>][] = [
    ['killed', redis => redis.kill()],
    ['restarted', redis => redis.kill().then(() => redis.restart())],
    ['flushed', async ({ client }) => void (await client.flushall())],
    ['filled with malformed values', corrupt],
  ]
  for (const [name, disturb] of disturbances) {
    const { redis, sandbox, start } = await replicasFor(t, { SPOTIFY_DAILY_BUDGET: '100' })
    const replicas = [await start(), await start()]
    const users = Array.from({ length: 200 }, (_, nth) => `user${nth}`)
    const lookups = Promise.all(users.map((user, nth) => replicas[nth % 2]?.ask(user)))
    await sandbox.arrived('api', 20)
    await disturb(redis)
    await lookups
    t.ok(sandbox.count('api') <= 100, `${name}: ${sandbox.count('api')}`)
  }
})

t.test('callers see no errors while Redis is disturbed', options, async t => {
  const { redis, start } = await replicasFor(t, { CACHE_FRESH_SECONDS: '1' })
  const [first, second] = [await start(), await start()]
  const replicas = [first, second] as const
  const users = Array.from({ length: 20 }, (_, nth) => `known${nth}`)
  const load = async (durationMs: number) => {
    const responses: Awaited<ReturnType<typeof first.ask>>[] = []
    const endMs = performance.now() + durationMs
    for (let nth = 0; performance.now() < endMs; nth++) {
      const user = nth % 10 === 0 ? `new${nth}x${Math.round(endMs)}` : users[nth % users.length]
      responses.push(...(await Promise.all(replicas.map(({ ask }) => ask(String(user))))))
    }
    const durations = responses.map(({ durationMs }) => durationMs).sort((a, b) => a - b)
    return { responses, p99: durations[Math.floor(0.99 * durations.length)] as number }
  }
  const connected = () =>
    eventually(async () => {
      const states = await Promise.all(replicas.map(({ status }) => status()))
      return states.every(({ shared_cache }) => shared_cache.state === 'connected')
    })
  await connected()
  const normal = await load(2000)

  const disturbances: [string, (redis: OwnRedisServer) => Promise<void>, number][] = [
    ['killed', redis => redis.kill(), 2000],
    ['started again', redis => redis.restart(), 500],
    ['stopped', async redis => redis.stop(), STOPPED_MS],
    ['resumed', async redis => redis.resume(), 500],
    ['flushed', async ({ client }) => void (await client.flushall()), 1000],
    ['filled with malformed values', corrupt, 1000],
  ]
  for (const [name, disturb, durationMs] of disturbances) {
    await disturb(redis)
    const { responses, p99 } = await load(durationMs)
    t.ok(responses.length > 0 && responses.every(({ statusCode }) => statusCode === 200), name)
    t.comment(
      `${name}: ${responses.length} responses, p99 ${p99.toFixed(1)} ms, before ${normal.p99.toFixed(1)} ms, may add ${ADDED_MS} ms`,
    )
  }
  await connected()
})

async function corrupt({ client }: OwnRedisServer): Promise<void> {
  for (const key of await client.keys('*')) {
    await client.del(key)
    if (Math.random() < 0.5) await client.set(key, 'malformed')
    else await client.rpush(key, 'malformed')
  }
}
