import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Valkey } from 'iovalkey'
import type { Test } from 'tap'
import { freePort } from '../../sandbox/free-port.ts'
import {
  binary,
  eventually,
  type OwnRedisServer,
  startOwnRedis,
  withoutOwnRedis,
} from './valkey.ts'

type T = Pick<Test, 'teardown' | 'testdir'>

/** Sentinel's name for the primary. */
export const SERVICE = 'mymaster'
const LOCAL = '127.0.0.1'

/** Without this, a primary waits five seconds for more replicas before it sends its data. */
const WITHOUT_DELAY = ['--repl-diskless-sync-delay', '0']

export const portOf = ({ url }: OwnRedisServer) => Number(new URL(url).port)
export const addressOf = (server: OwnRedisServer) => `${LOCAL}:${portOf(server)}`

/** Starts a primary and a replica, with these arguments. */
export async function startPair(t: T, ...args: string[]) {
  const primary = await startOwnRedis(t, ...WITHOUT_DELAY, ...args)
  const replica = await startOwnRedis(t, ...WITHOUT_DELAY, ...args)
  await replica.client.replicaof(LOCAL, portOf(primary))
  await eventually(async () => /master_link_status:up/.test(await replica.client.info()))
  return { primary, replica }
}

/** A Redis Sentinel process. */
export interface Sentinel {
  readonly address: string
  /** Suspends the process: connections stay open, but get no replies. */
  stop(): void
}

export interface SentinelOptions {
  count: number
  /** How many must agree that the primary is down. */
  quorum: number
  /** How many replicas the primary has. */
  replicas: number
  /** The sentinels' own password. */
  password?: string
  /** Host and port of the primary, for the sentinels and their clients. */
  monitored?: string
  /** More lines for the sentinel configuration. */
  settings?: string
}

/** Starts sentinels for the primary, and waits until they know each other and the replica. */
export async function startSentinels(
  t: T,
  primary: OwnRedisServer,
  options: SentinelOptions,
): Promise<Sentinel[]> {
  const { count, quorum, replicas, password, settings = '' } = options
  const { monitored = `${LOCAL} ${portOf(primary)}` } = options
  const folder = mkdtempSync(join(tmpdir(), 'sentinels-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const started: Sentinel[] = []
  const clients: Valkey[] = []
  for (let nth = 0; nth < count; nth++) {
    const port = await freePort()
    const file = join(folder, `${port}.conf`)
    const monitor = `sentinel monitor ${SERVICE} ${monitored} ${quorum}
      sentinel down-after-milliseconds ${SERVICE} 500
      sentinel failover-timeout ${SERVICE} 2000`
    const secret = password === undefined ? '' : `requirepass ${password}`
    writeFileSync(
      file,
      `port ${port}\nbind ${LOCAL}\ndir ${folder}\n${secret}\n${settings}\n${monitor}\n`,
    )
    const child = spawn(binary as string, [file, '--sentinel'], { stdio: 'ignore' })
    const client = new Valkey(port, LOCAL, {
      ...(password === undefined ? {} : { password }),
      retryStrategy: () => 50,
    })
    client.on('error', () => {})
    t.teardown(async () => {
      client.disconnect()
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    })
    started.push({ address: `${LOCAL}:${port}`, stop: () => child.kill('SIGSTOP') })
    clients.push(client)
  }
  const expected = { 'num-slaves': replicas, 'num-other-sentinels': count - 1 }
  for (const client of clients) {
    await eventually(async () => {
      const reply = (await client.call('SENTINEL', 'MASTER', SERVICE)) as string[]
      return Object.entries(expected).every(
        ([name, number]) => reply[reply.indexOf(name) + 1] === String(number),
      )
    })
  }
  return started
}

const SLOTS = 16_384
const PRIMARIES = 3

const version = spawnSync(binary ?? 'redis-server', ['--version'], { encoding: 'utf8' }).stdout
/** The reason to skip tests that start a cluster; false if Redis has the settings they need. */
export const withoutCluster: string | false =
  withoutOwnRedis || (/ v=[0-6]\./.test(version) ? 'needs redis-server 7 or later' : false)

/**
 * Starts a cluster with three primaries, and a replica for the primary that has the slot of `tag`.
 * `argumentsOf` returns additional arguments for each node.
 */
export async function startCluster(
  t: T,
  tag: string,
  argumentsOf: (nth: number) => string[] = () => [],
) {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const busPorts: number[] = []
  const nodes: OwnRedisServer[] = []
  for (let nth = 0; nth <= PRIMARIES; nth++) {
    const busPort = await freePort()
    busPorts.push(busPort)
    const state = ['--cluster-config-file', join(folder, `${nth}.conf`)]
    const bus = ['--cluster-port', String(busPort), '--cluster-node-timeout', '1000']
    const enabled = ['--cluster-enabled', 'yes', ...state, ...bus, ...argumentsOf(nth)]
    nodes.push(await startOwnRedis(t, ...WITHOUT_DELAY, ...enabled))
  }
  const [first] = nodes as [OwnRedisServer]
  for (const [nth, node] of nodes.entries()) {
    await first.client.call('CLUSTER', 'MEET', LOCAL, portOf(node), busPorts[nth] as number)
  }
  const primaries = nodes.slice(0, PRIMARIES)
  const width = Math.ceil(SLOTS / PRIMARIES)
  for (const [nth, { client }] of primaries.entries()) {
    const last = Math.min((nth + 1) * width, SLOTS) - 1
    await client.call('CLUSTER', 'ADDSLOTSRANGE', nth * width, last)
  }
  const slot = Number(await first.client.call('CLUSTER', 'KEYSLOT', tag))
  const owner = primaries[Math.floor(slot / width)] as OwnRedisServer
  const replica = nodes[PRIMARIES] as OwnRedisServer
  const idOf = (node: OwnRedisServer) => node.client.call('CLUSTER', 'MYID') as Promise<string>
  const ownerId = await idOf(owner)
  await eventually(async () => {
    const infos = await Promise.all(nodes.map(({ client }) => client.call('CLUSTER', 'INFO')))
    return infos.every(info => /cluster_state:ok.*cluster_known_nodes:4/s.test(String(info)))
  })
  await replica.client.call('CLUSTER', 'REPLICATE', ownerId)
  await eventually(async () => /master_link_status:up/.test(await replica.client.info()))
  // The other primaries only vote for the replica once they know it is a replica.
  await eventually(async () =>
    (await Promise.all(primaries.map(({ client }) => client.call('CLUSTER', 'NODES')))).every(
      text => /slave/.test(String(text)),
    ),
  )
  return {
    owner,
    replica,
    others: primaries.filter(node => node !== owner) as [OwnRedisServer, OwnRedisServer],
    /** Assigns the slot, which has to be empty, to the first of these nodes and tells the others. */
    async moveSlot([to, ...others]: [OwnRedisServer, ...OwnRedisServer[]]) {
      const id = await idOf(to)
      // Between the calls, the former owner might claim the slot again: the later epoch wins.
      await to.client.call('CLUSTER', 'BUMPEPOCH')
      for (const { client } of [to, ...others]) {
        await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', id)
      }
    },
  }
}
