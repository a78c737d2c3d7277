import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { Valkey } from 'iovalkey'
import type { Test } from 'tap'

/** A stuck machine is told from a slow one by this. */
const MAX_WAIT_MS = 20_000
const POLL_MS = 5
/** The least that engines have by default, and how tests claim one. */
const MAX_DATABASES = 16
const CLAIM_KEY = 'playlist-proxy-test:claim'
const CLAIM_MS = 120_000

const binary = ['valkey-server', 'redis-server'].find(
  name => spawnSync(name, ['--version']).status === 0,
)
const given = process.env.TEST_REDIS_URL

/** Why tests that need some engine are skipped; false when they are not. */
export const withoutEngine: string | false =
  given === undefined && binary === undefined
    ? 'needs redis-server, valkey-server or TEST_REDIS_URL'
    : false
/** Why tests are skipped that stop, kill or configure an engine of their own. */
export const withoutOwnEngine: string | false =
  binary === undefined ? 'needs redis-server or valkey-server' : false

type T = Pick<Test, 'teardown' | 'testdir'>

/** An engine that the test may look into. */
export interface Engine {
  readonly url: string
  /** For the test's own questions. */
  readonly client: Valkey
}

/** An engine of the test's own, at a port that stays the same. */
export interface OwnEngine extends Engine {
  /** Ends it at once, with all that it holds. */
  kill(): Promise<void>
  /** Starts it again, empty, with other arguments when some are given. */
  restart(...args: string[]): Promise<void>
  /** Lets it hold its breath (SIGSTOP): connections stay open, and nothing is answered. */
  stop(): void
  /** The end of that (SIGCONT). */
  resume(): void
}

/**
 * An empty engine, until the end of the test: one of its own or, at TEST_REDIS_URL, a database that
 * no other test uses meanwhile. What a test before has left there is removed, and nothing else.
 */
export async function startEngine(t: T): Promise<Engine> {
  if (given === undefined) return startOwnEngine(t)
  for (let db = 0; db < MAX_DATABASES; db++) {
    const url = Object.assign(new URL(given), { pathname: `/${db}` }).href
    const client = new Valkey(url)
    if ((await client.set(CLAIM_KEY, '1', 'PX', CLAIM_MS, 'NX')) === 'OK') {
      const left = await client.keys('playlist-proxy:*')
      if (left.length > 0) await client.del(...left)
      t.teardown(() => client.del(CLAIM_KEY).finally(() => client.disconnect()))
      return { url, client }
    }
    client.disconnect()
  }
  throw new Error('all databases at TEST_REDIS_URL are in use')
}

/** An engine with these arguments (`--requirepass`, `x`) that ends with the test. */
export async function startOwnEngine(t: T, ...args: string[]): Promise<OwnEngine> {
  const dir = t.testdir({})
  const port = await freePort()
  let server = await run(dir, port, args)
  const url = `redis://127.0.0.1:${port}`
  const password = args[args.indexOf('--requirepass') + 1]
  const client = new Valkey(url, {
    ...(args.includes('--requirepass') && password !== undefined ? { password } : {}),
    retryStrategy: () => POLL_MS,
  })
  // Of the outages that the test makes.
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

/** Waits in real time, for what a real engine does; fails when the condition never comes true. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  turn: () => Promise<void> = async () => {},
): Promise<void> {
  const endMs = performance.now() + MAX_WAIT_MS
  while (performance.now() < endMs) {
    if (await condition()) return
    await turn()
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
  throw new Error(`never came true: ${condition}`)
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

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
