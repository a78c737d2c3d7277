import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'undici'
import { playlist } from '../sandbox/playlist.ts'
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'

// `npm run bench`: how long a lookup takes against the round trips that paging cannot avoid, with
// every page taking 50 ms. Prints a table and writes bench/results/latest.json.
const LATENCY_MS = 50
const CONCURRENCY = 8
const ROUNDS = 5
const SIZES = [1, 50, 500, 2000, 10_000]

interface Row {
  playlists: number
  cold_ms: number
  cold_model_ms: number
  refresh_ms: number
  refresh_model_ms: number
  sequential_ms: number
}

const roundTrips = (pages: number) => Math.ceil(pages / CONCURRENCY)
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}

async function read(url: string, headers: Record<string, string> = {}): Promise<void> {
  const { statusCode, body } = await request(url, { headers })
  await body.dump({ limit: Number.MAX_SAFE_INTEGER })
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`)
}

/** What scripts do without this service: one page after another. */
async function walkSequentially(sandbox: Sandbox, user: string, pages: number): Promise<void> {
  const authorization = `Bearer ${sandbox.issuedTokens.at(-1)}`
  for (let page = 0; page < pages; page++) {
    const url = `${sandbox.apiUrl}/users/${user}/playlists?limit=50&offset=${page * 50}`
    await read(url, { authorization })
  }
}

async function measure(sandbox: Sandbox, serviceUrl: string, playlists: number): Promise<Row> {
  const pages = Math.max(1, Math.ceil(playlists / 50))
  const cold: number[] = []
  const refresh: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const user = `bench-${playlists}-${round}`
    sandbox.setUser(
      user,
      Array.from({ length: playlists }, (_, index) => playlist(user, index)),
    )
    const lookup = () => read(`${serviceUrl}/users/${user}/playlists`)
    cold.push(await timed(lookup))
    refresh.push(await timed(lookup))
    if (round < ROUNDS - 1) sandbox.setUser(user, [])
  }
  const last = `bench-${playlists}-${ROUNDS - 1}`
  return {
    playlists,
    cold_ms: Math.round(median(cold)),
    cold_model_ms: LATENCY_MS * (1 + roundTrips(pages - 1)),
    refresh_ms: Math.round(median(refresh)),
    refresh_model_ms: LATENCY_MS * roundTrips(pages),
    sequential_ms: Math.round(await timed(() => walkSequentially(sandbox, last, pages))),
  }
}

const sandbox = await startSandbox({ latencyMs: LATENCY_MS })
const service = await startServiceProcess({
  sandbox,
  environment: {
    SPOTIFY_CONCURRENCY: String(CONCURRENCY),
    // Never fresh and never stale-while-revalidate: every further lookup waits for its refresh.
    CACHE_FRESH_SECONDS: '0',
    CACHE_STALE_WHILE_REVALIDATE_SECONDS: '0',
  },
})
try {
  await read(`${service.url}/users/collector/playlists`)
  const rows: Row[] = []
  for (const size of SIZES) rows.push(await measure(sandbox, service.url, size))
  console.table(rows)
  mkdirSync('bench/results', { recursive: true })
  const result = { node: process.version, latency_ms: LATENCY_MS, rounds: ROUNDS, rows }
  writeFileSync('bench/results/latest.json', `${JSON.stringify(result, undefined, 2)}\n`)
} finally {
  await service.stop()
  await sandbox.close()
}
