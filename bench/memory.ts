import { request } from 'undici'
import { startSandbox } from '../sandbox/sandbox.ts'
import { type Bench, type Group, QUICK } from './bench.ts'
import { giveLists, usersNamed } from './lists.ts'
import type { Metric } from './metric.ts'
import { type Measured, startService } from './process.ts'
import { spreadOf } from './statistics.ts'
import { fill } from './targets.ts'

/** How many users and their list size: about 60 MB for each size, below the default limit. */
const CACHED = [
  { bytes: 2048, users: 12_000 },
  { bytes: 25_600, users: 2000 },
  { bytes: 122_880, users: 448 },
]
/**
 * Cached before the measurement, so the process has reached its base size. The heap's young generation needs
 * that many users to grow to 32 MB.
 */
const WARM_UP = { bytes: 2048, users: 3000 }
const QUICK_DIVISOR = 4
/** The image settings; without them, the process retains more free memory. */
const IMAGE_SETTINGS = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '32768',
  MALLOC_MMAP_MAX_: '32768',
  NODE_OPTIONS: '--max-semi-space-size=8',
}

/** Returns process memory after garbage collection, and the size the cache counts. */
async function memory(server: Measured) {
  const { body } = await request(`${server.url}/status`)
  const status = (await body.json()) as { cache: { bytes: number; entries: number } }
  const { rssBytes } = await server.probe('collect-garbage')
  return { rssBytes, heldBytes: status.cache.bytes, entries: status.cache.entries }
}

async function cached(bench: Bench, bytes: number, count: number): Promise<Metric> {
  bench.report(`${count} users of ${bytes / 1024} KB`)
  const sandbox = await startSandbox()
  bench.defer(() => sandbox.close())
  const server = await startService(bench, sandbox, {
    ...IMAGE_SETTINGS,
    CACHE_FRESH_SECONDS: '3600',
  })
  /** Requests each user three times: a miss, the first hit, which joins the body, and a hit without a route. */
  const fillWith = (users: string[], listBytes: number) => {
    const targets = giveLists(sandbox, users, listBytes)
    return fill(
      server.url,
      targets.flatMap(target => [target, target, target]),
    )
  }
  await fillWith(usersNamed('before', WARM_UP.users), WARM_UP.bytes)
  const before = await memory(server)
  await fillWith(usersNamed('cached', count), bytes)
  const after = await memory(server)
  await server.stop()
  await sandbox.close()
  const users = after.entries - before.entries
  const rss = (after.rssBytes - before.rssBytes) / users
  const held = (after.heldBytes - before.heldBytes) / users
  return {
    group: 'memory',
    name: `a user of ${bytes / 1024} KB, of ${users}`,
    unit: 'bytes',
    ours: spreadOf([rss]),
    reference: { name: 'counted by the cache', ...spreadOf([held]) },
    ratio: spreadOf([rss / held]),
    threshold: { atMost: 1.15 },
  }
}

/** Compares memory per cached user with the size the cache counts for that user. */
export const memoryOfUsers: Group = async bench => {
  const metrics: Metric[] = []
  const divisor = bench.plan === QUICK ? QUICK_DIVISOR : 1
  for (const { bytes, users } of CACHED) {
    metrics.push(await cached(bench, bytes, users / divisor))
  }
  return metrics
}
