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
/** A pause is known to all replicas by then. */
const TOLD_MS = 1000
/** What a dead engine may add to an answer, and where the measuring of a busy machine begins. */
const ADDED_MS = 60
const STOPPED_MS = 10_000
/** Many times the default time-out, and less than that of the budget. */
const PAUSE_MS = 400

/** Replicas of the built service on one engine, in front of one sandbox. */
async function replicasFor(t: Test, variables: Record<string, string> = {}) {
  const engine = await startOwnRedis(t)
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  const start = async () => {
    const environment = { SHARED_CACHE_URL: engine.url, ...variables }
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
  return { engine, sandbox, start, flood }
}

const options = { skip: withoutOwnRedis }

t.test('500 first lookups at each of two replicas cost the pages once', options, async t => {
  const { sandbox, start, flood } = await replicasFor(t)
  const replicas = [await start(), await start()] as const
  const answers = (await Promise.all(replicas.map(one => flood(one, 'smedjan')))).flat()
  t.ok(answers.every(({ statusCode, text }) => statusCode === 200 && /"total":120/.test(text)))
  t.equal(sandbox.count('api'), 3)
  const third = await start()
  t.equal((await third.ask('smedjan')).statusCode, 200)
  t.equal(sandbox.count('api'), 3, 'a new replica knows whom the others know')
  t.equal((await third.status()).spotify.requests_24h, 3)
})

t.test(
  'when the one that asks is killed, another takes over and all get their answer',
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
    const answers = await waiting
    t.ok(answers.every(({ statusCode }) => statusCode === 200))
    t.ok(sandbox.count('api') <= 2 * 3, `${sandbox.count('api')} requests`)
  },
)

t.test('what one replica is refused silences the others', options, async t => {
  const { sandbox, start } = await replicasFor(t)
  const [first, second] = [await start(), await start()]
  sandbox.fault({ on: 'api', times: 1, answer: 'quota-exceeded' })
  t.equal((await first.ask('one')).statusCode, 503)
  await sleep(TOLD_MS)
  t.equal((await second.ask('fifty')).statusCode, 503)
  t.equal(sandbox.count('api'), 1)
  t.equal((await second.status()).spotify.gate, 'paused')
  const late = await start()
  t.equal((await late.ask('smedjan')).statusCode, 503)
  t.equal(sandbox.count('api'), 1, 'also one that starts later')
})

t.test('a budget of 100 is one budget, to the request', options, async t => {
  for (const pauseMs of [0, PAUSE_MS]) {
    const { engine, sandbox, start } = await replicasFor(t, { SPOTIFY_DAILY_BUDGET: '100' })
    const replicas = [await start(), await start()]
    const asked = Promise.all(
      replicas.flatMap(({ ask }, nth) =>
        Array.from({ length: 100 }, (_, user) => ask(`user${nth}x${user}`)),
      ),
    )
    await sandbox.arrived('api', 20)
    if (pauseMs > 0) {
      engine.stop()
      await sleep(pauseMs)
      engine.resume()
    }
    const answers = await asked
    t.equal(sandbox.count('api'), 100, `with an engine that pauses for ${pauseMs} ms`)
    t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 100)
    for (const { status } of replicas) {
      await eventually(async () => (await status()).spotify.requests_24h === 100)
    }
  }
})

t.test('a budget of 100 is never exceeded, whatever becomes of Redis', options, async t => {
  const disturbances: [string, (engine: OwnRedisServer) => Promise<void>][] = [
    ['killed', engine => engine.kill()],
    ['restarted', engine => engine.kill().then(() => engine.restart())],
    ['flushed', async ({ client }) => void (await client.flushall())],
    ['filled with rubbish', rubbish],
  ]
  for (const [name, disturb] of disturbances) {
    const { engine, sandbox, start } = await replicasFor(t, { SPOTIFY_DAILY_BUDGET: '100' })
    const replicas = [await start(), await start()]
    const users = Array.from({ length: 200 }, (_, nth) => `user${nth}`)
    const asked = Promise.all(users.map((user, nth) => replicas[nth % 2]?.ask(user)))
    await sandbox.arrived('api', 20)
    await disturb(engine)
    await asked
    t.ok(sandbox.count('api') <= 100, `${name}: ${sandbox.count('api')}`)
  }
})

t.test('whatever becomes of the engine, no caller sees an error of it', options, async t => {
  const { engine, start } = await replicasFor(t, { CACHE_FRESH_SECONDS: '1' })
  const [first, second] = [await start(), await start()]
  const replicas = [first, second] as const
  const users = Array.from({ length: 20 }, (_, nth) => `known${nth}`)
  const load = async (durationMs: number) => {
    const answers: Awaited<ReturnType<typeof first.ask>>[] = []
    const endMs = performance.now() + durationMs
    for (let nth = 0; performance.now() < endMs; nth++) {
      const user = nth % 10 === 0 ? `new${nth}x${Math.round(endMs)}` : users[nth % users.length]
      answers.push(...(await Promise.all(replicas.map(({ ask }) => ask(String(user))))))
    }
    const durations = answers.map(({ durationMs }) => durationMs).sort((a, b) => a - b)
    return { answers, p99: durations[Math.floor(0.99 * durations.length)] as number }
  }
  const connected = () =>
    eventually(async () => {
      const states = await Promise.all(replicas.map(({ status }) => status()))
      return states.every(({ shared_cache }) => shared_cache.state === 'connected')
    })
  await connected()
  const normal = await load(2000)

  const disturbances: [string, (engine: OwnRedisServer) => Promise<void>, number][] = [
    ['killed', engine => engine.kill(), 2000],
    ['started again', engine => engine.restart(), 500],
    ['stopped', async engine => engine.stop(), STOPPED_MS],
    ['resumed', async engine => engine.resume(), 500],
    ['flushed', async ({ client }) => void (await client.flushall()), 1000],
    ['filled with rubbish', rubbish, 1000],
  ]
  for (const [name, disturb, durationMs] of disturbances) {
    await disturb(engine)
    const { answers, p99 } = await load(durationMs)
    t.ok(answers.length > 0 && answers.every(({ statusCode }) => statusCode === 200), name)
    t.comment(
      `${name}: ${answers.length} answers, p99 ${p99.toFixed(1)} ms, before ${normal.p99.toFixed(1)} ms, may add ${ADDED_MS} ms`,
    )
  }
  await connected()
})

async function rubbish({ client }: OwnRedisServer): Promise<void> {
  for (const key of await client.keys('*')) {
    await client.del(key)
    if (Math.random() < 0.5) await client.set(key, 'rubbish')
    else await client.rpush(key, 'rubbish')
  }
}
