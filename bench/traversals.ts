import { gunzipSync } from 'node:zlib'
import { Client } from 'undici'
import { startSandbox } from '../sandbox/sandbox.ts'
import type { Bench, Group } from './bench.ts'
import { Load } from './load.ts'
import type { Metric } from './metric.ts'
import { measureUsage } from './others.ts'
import { startService } from './process.ts'
import { pagesOf, serveReadyPages } from './ready-pages.ts'
import { spreadOf } from './statistics.ts'
import { fill, rawRequest } from './targets.ts'

const LATENCY_MS = 50
const CONCURRENCY = 8
const SIZES = [1, 50, 500, 2000, 10_000]
const THRESHOLD = { atMost: 1.1 }
/** Enough pages for all connections. */
const WARM_UP = { prefix: 'warm-up', playlists: 1000 }

/** Lists are neither fresh nor stale-while-revalidate, so each later lookup waits for a revalidation. */
const ENVIRONMENT = {
  SPOTIFY_CONCURRENCY: String(CONCURRENCY),
  CACHE_FRESH_SECONDS: '0',
  CACHE_STALE_WHILE_REVALIDATE_SECONDS: '0',
}

async function startTraversalLab(bench: Bench) {
  const sandbox = await startSandbox({ latencyMs: LATENCY_MS })
  bench.defer(() => sandbox.close())
  serveReadyPages(sandbox, WARM_UP.prefix, WARM_UP.playlists)
  for (const size of SIZES) serveReadyPages(sandbox, `size${size}-`, size)
  const service = await startService(bench, sandbox, ENVIRONMENT)
  const load = await Load.open(service.url, 1)
  bench.defer(() => load.close())
  const path = (user: string) => `/users/${user}/playlists`
  return {
    sandbox,
    service,
    /** Looks up the user; resolves with the duration in milliseconds. */
    async lookUp(user: string): Promise<number> {
      const { latenciesMs } = await load.run(
        [rawRequest(service.url, { path: path(user) })],
        200,
        0,
      )
      return Number(latenciesMs[0])
    },
    /** Opens all connections to Spotify. */
    warmUp: () => fill(service.url, [{ path: path(WARM_UP.prefix), playlists: WARM_UP.playlists }]),
    /** Checks the response for a user. */
    check: (user: string, playlists: number) =>
      fill(service.url, [{ path: path(user), playlists }]),
  }
}

type TraversalLab = Awaited<ReturnType<typeof startTraversalLab>>

/** Reads pages sequentially, like a script without this service. */
async function sequentialMs(
  { sandbox }: TraversalLab,
  user: string,
  pages: number,
): Promise<number> {
  const client = new Client(new URL(sandbox.apiUrl).origin)
  const startMs = performance.now()
  for (let page = 0; page < pages; page++) {
    const path = `/v1/users/${user}/playlists?limit=50&offset=${page * 50}`
    const { body } = await client.request({ path, method: 'GET' })
    JSON.parse(gunzipSync(await body.arrayBuffer()).toString())
  }
  const tookMs = performance.now() - startMs
  await client.close()
  return tookMs
}

interface Traversal {
  group: string
  /** The minimum round trips for that many pages. */
  roundTrips: (pages: number) => number
  /** Resolves with the duration in milliseconds. */
  measure: (lab: TraversalLab, user: string) => Promise<number>
  isCold: boolean
}

function groupOf({ group, roundTrips, measure, isCold }: Traversal): Group {
  return async bench => {
    const lab = await startTraversalLab(bench)
    const metrics: Metric[] = []
    for (const size of SIZES) {
      bench.report(`${size} playlists`)
      await lab.check(`size${size}-check`, size)
      const modelMs = LATENCY_MS * roundTrips(pagesOf(size))
      const { result: took, othersShare } = await measureUsage(lab.service, async () => {
        const took: { ms: number; cpuMs: number }[] = []
        for (let round = 0; round < bench.plan.rounds; round++) {
          const user = `size${size}-${group}${round}`
          await lab.warmUp()
          const { result, cpuMs } = await measureUsage(lab.service, () => measure(lab, user))
          took.push({ ms: result, cpuMs })
        }
        return took
      })
      const metric: Metric = {
        group,
        name: `${size} playlists`,
        unit: 'ms',
        ours: spreadOf(took.map(({ ms }) => ms)),
        reference: { name: 'model', ...spreadOf([modelMs]) },
        ratio: spreadOf(took.map(({ ms }) => ms / modelMs)),
        threshold: THRESHOLD,
        othersShare,
      }
      if (isCold) {
        const pageByPageMs = await sequentialMs(lab, `size${size}-sequential`, pagesOf(size))
        const cpu = spreadOf(took.map(({ cpuMs }) => cpuMs)).median.toFixed(1)
        metric.note = `${cpu} ms CPU; page after page: ${pageByPageMs.toFixed(0)} ms`
      }
      metrics.push(metric)
    }
    return metrics
  }
}

/** A user's first lookup: the first page, then the rest concurrently. */
export const cold = groupOf({
  group: 'cold',
  roundTrips: pages => 1 + Math.ceil((pages - 1) / CONCURRENCY),
  measure: (lab, user) => lab.lookUp(user),
  isCold: true,
})

/** A later lookup, which waits: the service knows the number of pages. */
export const refresh = groupOf({
  group: 'refresh',
  roundTrips: pages => Math.ceil(pages / CONCURRENCY),
  async measure(lab, user) {
    await lab.lookUp(user)
    return lab.lookUp(user)
  },
  isCold: false,
})
