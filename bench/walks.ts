import { gunzipSync } from 'node:zlib'
import { Client } from 'undici'
import { startSandbox } from '../sandbox/sandbox.ts'
import type { Bench, Group } from './bench.ts'
import type { Figure } from './figure.ts'
import { Load } from './load.ts'
import { taken } from './others.ts'
import { startService } from './process.ts'
import { pagesOf, serveReadyPages } from './ready-pages.ts'
import { spreadOf } from './statistics.ts'
import { fill, rawRequest } from './targets.ts'

const LATENCY_MS = 50
const CONCURRENCY = 8
const SIZES = [1, 50, 500, 2000, 10_000]
const BAR = { atMost: 1.1 }
/** Pages enough for all connections. */
const WARM_UP = { prefix: 'warm-up', playlists: 1000 }

/** Never fresh and never stale-while-revalidate: every further lookup waits for its refresh. */
const ENVIRONMENT = {
  SPOTIFY_CONCURRENCY: String(CONCURRENCY),
  CACHE_FRESH_SECONDS: '0',
  CACHE_STALE_WHILE_REVALIDATE_SECONDS: '0',
}

async function startWalkLab(bench: Bench) {
  const sandbox = await startSandbox({ latencyMs: LATENCY_MS })
  bench.defer(() => sandbox.close())
  serveReadyPages(sandbox, WARM_UP.prefix, WARM_UP.playlists)
  for (const size of SIZES) serveReadyPages(sandbox, `size${size}-`, size)
  const service = await startService(sandbox, ENVIRONMENT)
  bench.defer(() => service.stop())
  const load = await Load.open(service.url, 1)
  bench.defer(() => load.close())
  const path = (user: string) => `/users/${user}/playlists`
  return {
    sandbox,
    service,
    /** How long this user's list takes, in milliseconds. */
    async lookUp(user: string): Promise<number> {
      const { latenciesMs } = await load.run(
        [rawRequest(service.url, { path: path(user) })],
        200,
        0,
      )
      return Number(latenciesMs[0])
    },
    /** Uses every connection to Spotify, so that none has to be opened afterwards. */
    warmUp: () => fill(service.url, [{ path: path(WARM_UP.prefix), playlists: WARM_UP.playlists }]),
    /** Checks what is answered for a user. */
    check: (user: string, playlists: number) =>
      fill(service.url, [{ path: path(user), playlists }]),
  }
}

type WalkLab = Awaited<ReturnType<typeof startWalkLab>>

/** What scripts do without this service: one page after another. Milliseconds. */
async function sequentialMs({ sandbox }: WalkLab, user: string, pages: number): Promise<number> {
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

interface Walk {
  group: string
  /** Rounds of requests at once that the pages take, at best. */
  roundTrips: (pages: number) => number
  /** How long it takes in the lab, in milliseconds. */
  measure: (lab: WalkLab, user: string) => Promise<number>
  isCold: boolean
}

function groupOf({ group, roundTrips, measure, isCold }: Walk): Group {
  return async bench => {
    const lab = await startWalkLab(bench)
    const figures: Figure[] = []
    for (const size of SIZES) {
      bench.say(`${size} playlists`)
      await lab.check(`size${size}-check`, size)
      const modelMs = LATENCY_MS * roundTrips(pagesOf(size))
      const { result: took, othersShare } = await taken(lab.service, async () => {
        const took: { ms: number; cpuMs: number }[] = []
        for (let round = 0; round < bench.plan.rounds; round++) {
          const user = `size${size}-${group}${round}`
          await lab.warmUp()
          const { result, cpuMs } = await taken(lab.service, () => measure(lab, user))
          took.push({ ms: result, cpuMs })
        }
        return took
      })
      const figure: Figure = {
        group,
        name: `${size} playlists`,
        unit: 'ms',
        ours: spreadOf(took.map(({ ms }) => ms)),
        reference: { name: 'model', ...spreadOf([modelMs]) },
        ratio: spreadOf(took.map(({ ms }) => ms / modelMs)),
        bar: BAR,
        othersShare,
      }
      if (isCold) {
        const walkMs = await sequentialMs(lab, `size${size}-sequential`, pagesOf(size))
        const cpu = spreadOf(took.map(({ cpuMs }) => cpuMs)).median.toFixed(1)
        figure.note = `${cpu} ms CPU; page after page: ${walkMs.toFixed(0)} ms`
      }
      figures.push(figure)
    }
    return figures
  }
}

/** The first lookup of a user: the first page, then the rest at once. */
export const cold = groupOf({
  group: 'cold',
  roundTrips: pages => 1 + Math.ceil((pages - 1) / CONCURRENCY),
  measure: (lab, user) => lab.lookUp(user),
  isCold: true,
})

/** A later one that waits: how many pages there are is known. */
export const refresh = groupOf({
  group: 'refresh',
  roundTrips: pages => Math.ceil(pages / CONCURRENCY),
  async measure(lab, user) {
    await lab.lookUp(user)
    return lab.lookUp(user)
  },
  isCold: false,
})
