import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Valkey } from 'iovalkey'
import type { Test } from 'tap'
import { freePort } from '../../sandbox/free-port.ts'

/** Longer than any condition takes on a slow machine. */
const MAX_WAIT_MS = 20_000
const POLL_MS = 5
/** The default number of databases. Tests reserve a database with an expiring key. */
const MAX_DATABASES = 16
const RESERVED_KEY = 'playlist-proxy-test:reserved'
const RESERVED_MS = 120_000

/** The Redis or Valkey program, undefined if neither is installed. */
export const binary = ['valkey-server', 'redis-server'].find(
  name => spawnSync(name, ['--version']).status === 0,
)
const given = process.env.TEST_REDIS_URL

/** The reason to skip tests that need Redis; false if it is available. */
export const withoutRedis: string | false =
  given === undefined && binary === undefined
    ? 'needs redis-server, valkey-server or TEST_REDIS_URL'
    : false
/** The reason to skip tests that stop, kill or configure Redis; false if it is installed. */
export const withoutOwnRedis: string | false =
  binary === undefined ? 'needs redis-server or valkey-server' : false

type T = Pick<Test, 'teardown' | 'testdir'>

/** A Redis for the test to inspect. */
export interface RedisServer {
  readonly url: string
  /** The test's own client. */
  readonly client: Valkey
}

/** A Redis process started by the test, on a fixed port. */
export interface OwnRedisServer extends RedisServer {
  /** Sends SIGKILL; the data is lost. */
  kill(): Promise<void>
  /** Restarts the process, empty, with these arguments; by default, with the original ones. */
  restart(...args: string[]): Promise<void>
  /** Suspends the process (SIGSTOP): connections stay open, but get no replies. */
  stop(): void
  /** Resumes the process (SIGCONT). */
  resume(): void
}

/**
 * Starts an empty Redis for the test or, with TEST_REDIS_URL, reserves a database there and only deletes
 * the service's keys.
 */
export async function startRedis(t: T): Promise<RedisServer> {
  if (given === undefined) return startOwnRedis(t)
  for (let db = 0; db < MAX_DATABASES; db++) {
    const url = Object.assign(new URL(given), { pathname: `/${db}` }).href
    const client = new Valkey(url)
    if ((await client.set(RESERVED_KEY, '1', 'PX', RESERVED_MS, 'NX')) === 'OK') {
      const left = await client.keys('playlist-proxy:*')
      if (left.length > 0) await client.del(...left)
      t.teardown(() => client.del(RESERVED_KEY).finally(() => client.disconnect()))
      return { url, client }
    }
    client.disconnect()
  }
  throw new Error('all databases at TEST_REDIS_URL are in use')
}

/** Starts a Redis process with these arguments (`--requirepass`, `x`). It ends with the test. */
export async function startOwnRedis(t: T, ...args: string[]): Promise<OwnRedisServer> {
  const dir = t.testdir({})
  const port = await freePort()
  let server = await run(dir, port, args)
  const url = `redis://127.0.0.1:${port}`
  const password = args[args.indexOf('--requirepass') + 1]
  const client = new Valkey(url, {
    ...(args.includes('--requirepass') && password !== undefined ? { password } : {}),
    retryStrategy: () => POLL_MS,
  })
  // The test causes outages.
  client.on('error', () => {})
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
  }
  t.teardown(async () => {
    client.disconnect()
    await kill()
  })
  return {
    url,
    client,
    kill,
    restart: async (...others) => {
      server = await run(dir, port, others.length > 0 ? others : args)
    },
    stop: () => server.kill('SIGSTOP'),
    resume: () => server.kill('SIGCONT'),
  }
}

/** Waits in real time until the condition holds; fails if it never does. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  step: () => Promise<void> = async () => {},
): Promise<void> {
  const endMs = performance.now() + MAX_WAIT_MS
  while (performance.now() < endMs) {
    if (await condition()) return
    await step()
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
  throw new Error(`condition never held: ${condition}`)
}

async function run(dir: string, port: number, args: string[]): Promise<ChildProcess> {
  const quiet = ['--save', '', '--appendonly', 'no', '--dir', dir, '--bind', '127.0.0.1']
  const server = spawn(binary as string, ['--port', String(port), ...quiet, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  server.stdout.setEncoding('utf8').on('data', text => {
    output += text
  })
  await eventually(() => {
    if (server.exitCode !== null) throw new Error(output)
    return output.includes('Ready to accept connections')
  })
  return server
}
