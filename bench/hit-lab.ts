import type { Sandbox } from '../sandbox/sandbox.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import type { Bench } from './bench.ts'
import { giveLists, usersNamed } from './lists.ts'
import { Load } from './load.ts'
import { type Measured, type Reference, startReference, startService } from './process.ts'
import { CONNECTIONS, type Contender } from './slices.ts'
import { type Checked, checkNotModified, fill, rawRequest, type Target } from './targets.ts'

/** The number of users to request in turn. */
export const KEYS = 1000

/** No list becomes stale while hits are measured. */
const ENVIRONMENT = { CACHE_FRESH_SECONDS: '3600', CACHE_STALE_IF_ERROR_SECONDS: '43200' }

/** Starts the servers that hits are measured on. */
export interface HitLab {
  sandbox: Sandbox
  /** Starts the built service with these variables. */
  service(environment?: Record<string, string>): Promise<Measured>
  /** Requests each target once, so the service caches its list, and checks the response. */
  filled(server: Measured, targets: Target[]): Filled
  /** Plain node:http with a body of that many bytes. */
  plain(targets: Target[], bytes: number): Promise<Contender>
  /** A bare Fastify route that sends what the service sends. */
  bare(filled: Contender, targets: Target[]): Promise<Contender>
}

type Filled = Promise<{ contender: Contender; checked: Checked[] }>

/** Starts the sandbox of the lab, which closes when the group ends. */
export async function startHitLab(bench: Bench): Promise<HitLab> {
  const sandbox = await startSandbox()
  bench.defer(() => sandbox.close())
  let plainServer: Reference | undefined
  const loadOn = async (server: Measured) => {
    const load = await Load.open(server.url, CONNECTIONS)
    bench.defer(() => load.close())
    return load
  }
  return {
    sandbox,
    async service(environment = {}) {
      const server = await startService(sandbox, { ...ENVIRONMENT, ...environment })
      bench.defer(() => server.stop())
      return server
    },
    async filled(server, targets) {
      const checked = await fill(server.url, targets)
      const requests = targets.map(target => rawRequest(server.url, target))
      return { checked, contender: { server, load: await loadOn(server), requests, status: 200 } }
    },
    async plain(targets, bytes) {
      if (plainServer === undefined) {
        plainServer = await startReference('plain-server.ts')
        bench.defer(() => plainServer?.stop())
      }
      const server = plainServer
      await server.prepare({ bytes })
      // The server ignores the path, so one target will do.
      const requests = targets.slice(0, 1).map(target => rawRequest(server.url, target))
      return { server, load: await loadOn(server), requests, status: 200 }
    },
    async bare({ server: service }, targets) {
      const server = await startReference('bare-fastify.ts')
      bench.defer(() => server.stop())
      await server.prepare({ copyFrom: service.url, paths: targets.map(({ path }) => path) })
      const requests = targets.map(target => rawRequest(server.url, target))
      return { server, load: await loadOn(server), requests, status: 200 }
    },
  }
}

/** The same requests with `If-None-Match`, which get a 304. */
export async function conditional(
  { contender, checked }: { contender: Contender; checked: Checked[] },
  targets: readonly Target[],
): Promise<Contender> {
  const { url } = contender.server
  const conditionals = targets.map((target, at) => ({
    ...target,
    headers: { ...target.headers, 'if-none-match': String(checked[at]?.etag) },
  }))
  await checkNotModified(url, conditionals[0] as Target)
  return {
    ...contender,
    requests: conditionals.map(target => rawRequest(url, target)),
    status: 304,
  }
}

/** Requests for whole lists of about that many bytes. */
export function wholeLists(
  { sandbox }: HitLab,
  bytes: number,
  headers: Record<string, string> = {},
): Target[] {
  return giveLists(sandbox, usersNamed(`bytes${bytes}`, KEYS), bytes, headers)
}
