import { startSandbox } from '../sandbox/sandbox.ts'
import type { Bench } from './bench.ts'
import { giveLists, usersNamed } from './lists.ts'
import { Load } from './load.ts'
import { type Measured, type Reference, startReference, startService } from './process.ts'
import { CONNECTIONS, type Contender } from './slices.ts'
import { type Checked, checkNotModified, fill, rawRequest, type Target } from './targets.ts'

/** How many users to request in turn. */
export const KEYS = 1000

/** No list becomes stale while hits are measured. */
const ENVIRONMENT = { CACHE_FRESH_SECONDS: '3600', CACHE_STALE_IF_ERROR_SECONDS: '43200' }

/** The servers to measure hits on. They stop when the group ends. */
export type HitLab = Awaited<ReturnType<typeof startHitLab>>

/** Starts the lab's sandbox, which closes when the group ends. */
export async function startHitLab(bench: Bench) {
  const sandbox = await startSandbox()
  bench.defer(() => sandbox.close())
  let plainServer: Reference | undefined
  const contender = async (server: Measured, targets: readonly Target[]): Promise<Contender> => {
    const load = await Load.open(server.url, CONNECTIONS)
    bench.defer(() => load.close())
    const requests = targets.map(target => rawRequest(server.url, target))
    return { server, load, requests, status: 200 }
  }
  return {
    sandbox,
    /** Starts the built service with these variables. */
    service: (environment: Record<string, string> = {}) =>
      startService(bench, sandbox, { ...ENVIRONMENT, ...environment }),
    /** Requests each target once, so the service caches the list, and checks the response. */
    async filled(server: Measured, targets: readonly Target[]) {
      const checked = await fill(server.url, targets)
      return { checked, contender: await contender(server, targets) }
    },
    /** Starts plain node:http with a body of that many bytes. */
    async plain(targets: readonly Target[], bytes: number) {
      plainServer ??= await startReference(bench, 'plain-server.ts')
      await plainServer.prepare({ bytes })
      // The server ignores the path, so a single target is enough.
      return contender(plainServer, targets.slice(0, 1))
    },
    /** Starts a bare Fastify route that sends the same responses as the service. */
    async bare({ server: service }: Contender, targets: readonly Target[]) {
      const server = await startReference(bench, 'bare-fastify.ts')
      await server.prepare({ copyFrom: service.url, paths: targets.map(({ path }) => path) })
      return contender(server, targets)
    },
  }
}

/** Returns the same requests with `If-None-Match`, for a 304. */
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

/** Returns requests for whole lists of about that many bytes. */
export function wholeLists(
  { sandbox }: HitLab,
  bytes: number,
  headers: Record<string, string> = {},
): Target[] {
  return giveLists(sandbox, usersNamed(`bytes${bytes}`, KEYS), bytes, headers)
}
