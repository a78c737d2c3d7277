import { request } from 'undici'
import { startSandbox } from '../sandbox/sandbox.ts'
import { type Bench, type Group, QUICK } from './bench.ts'
import type { Figure } from './figure.ts'
import { giveLists, usersNamed } from './lists.ts'
import { type Measured, startService } from './process.ts'
import { spreadOf } from './statistics.ts'
import { fill } from './targets.ts'

/** How many users with lists of how many bytes; about 60 MB each time, within the default bound. */
const STORED = [
  { bytes: 2048, users: 12_000 },
  { bytes: 25_600, users: 2000 },
  { bytes: 122_880, users: 448 },
]
/**
 * Users stored before, so that what every process needs is there by then. So many for the young
 * generation of the heap, which grows to 32 MB whoever is stored.
 */
const WARM_UP = { bytes: 2048, users: 3000 }
const QUICK_DIVISOR = 4

/** Memory of the process, and what the bound counts, after garbage was collected. */
async function memory(server: Measured) {
  const { body } = await request(`${server.url}/status`)
  const status = (await body.json()) as { cache: { bytes: number; entries: number } }
  const { rssBytes } = await server.ask('collect-garbage')
  return { rssBytes, heldBytes: status.cache.bytes, entries: status.cache.entries }
}

async function stored(bench: Bench, bytes: number, count: number): Promise<Figure> {
  bench.say(`${count} users of ${bytes / 1024} KB`)
  const sandbox = await startSandbox()
  bench.defer(() => sandbox.close())
  const server = await startService(sandbox, { CACHE_FRESH_SECONDS: '3600' })
  bench.defer(() => server.stop())
  const store = (users: string[], listBytes: number) =>
    fill(server.url, giveLists(sandbox, users, listBytes))
  await store(usersNamed('before', WARM_UP.users), WARM_UP.bytes)
  const before = await memory(server)
  await store(usersNamed('stored', count), bytes)
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
    reference: { name: 'counted by the bound', ...spreadOf([held]) },
    ratio: spreadOf([rss / held]),
    bar: { atMost: 1.15 },
  }
}

/** What a stored user takes in memory, against what the bound counts for it. */
export const memoryOfUsers: Group = async bench => {
  const figures: Figure[] = []
  const divisor = bench.plan === QUICK ? QUICK_DIVISOR : 1
  for (const { bytes, users } of STORED) {
    figures.push(await stored(bench, bytes, users / divisor))
  }
  return figures
}
