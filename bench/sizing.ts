import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type AnswerName, startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import { startOwnRedis } from '../test/support/valkey.ts'
import { Cleanup } from './cleanup.ts'
import { sendMixed } from './mixed-load.ts'
import { prefixOf, SIZES } from './mixed-requests.ts'
import { serveReadyPages } from './ready-pages.ts'
import { residentOf } from './resident.ts'
import { quantile } from './statistics.ts'

// `npm run bench:sizing -- [--minutes 18] [--per-second 60] [--cache-mib 64,256]` measures the built service's
// resident memory under mixed requests. Meanwhile Spotify fails for six seconds in every 30, each time
// differently, and Redis is gone for five seconds after every 90. The script prints the peak after each minute,
// to show whether memory still grows. It needs Linux and redis-server or valkey-server. The service inherits
// variables such as NODE_OPTIONS.

const MAX_MINUTES = 60
const MAX_PER_SECOND = 1000
const MAX_CACHE_MIB = 4096
const SPOTIFY_LATENCY_MS = 20
const REDIS_ARGUMENTS = ['--maxmemory', '256mb', '--maxmemory-policy', 'volatile-lru']
const REDIS_RUNS_MS = 90_000
const REDIS_GONE_MS = 5000
const SPOTIFY_WORKS_MS = 24_000
const SPOTIFY_FAILS_MS = 6000
const FAULTS: AnswerName[] = [
  'unavailable-text',
  'hang',
  'rate-limited',
  'huge-page',
  'reset-mid-body',
  'gzip-bomb',
  'not-found',
  'cut-gzip',
  'expired-token',
  'drip',
]
/** Shorter than the default, so lists are revalidated many times. */
const FRESH_SECONDS = 60
const MIB = 2 ** 20

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '18' },
    'per-second': { type: 'string', default: '60' },
    'cache-mib': { type: 'string', default: '64,256' },
  },
})
const minutes = Number(values.minutes)
const perSecond = Number(values['per-second'])
const sizesMib = values['cache-mib'].split(',').map(Number)
const within = (value: number, most: number) => value >= 1 && value <= most
if (
  !within(minutes, MAX_MINUTES) ||
  !within(perSecond, MAX_PER_SECOND) ||
  !sizesMib.every(mib => within(mib, MAX_CACHE_MIB))
) {
  console.error(
    `--minutes is 1 to ${MAX_MINUTES}, --per-second 1 to ${MAX_PER_SECOND}, --cache-mib sizes from 1 to ${MAX_CACHE_MIB} separated by commas`,
  )
  process.exit(2)
}

const mb = (bytes: number) => Math.round(bytes / 1e6)

/** Breaks something for `brokenMs` after each `intactMs`, until the signal aborts. */
async function breakInTurn(
  signal: AbortSignal,
  intactMs: number,
  brokenMs: number,
  breakIt: (nth: number) => Promise<() => unknown>,
): Promise<void> {
  try {
    for (let nth = 0; ; nth++) {
      await sleep(intactMs, undefined, { signal })
      const repair = await breakIt(nth)
      await sleep(brokenMs, undefined, { signal }).finally(repair)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Measures one cache size, with a new service, sandbox and Redis. */
async function measure(cacheMib: number, cleanup: Cleanup): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sizing-'))
  cleanup.defer(() => rmSync(folder, { recursive: true }))
  const sandbox = await startSandbox({ latencyMs: SPOTIFY_LATENCY_MS })
  cleanup.defer(() => sandbox.close())
  for (const playlists of SIZES) serveReadyPages(sandbox, prefixOf(playlists), playlists)
  const test = { teardown: cleanup.defer, testdir: () => folder }
  const redis = await startOwnRedis(test as never, ...REDIS_ARGUMENTS)
  const service = await startServiceProcess({
    sandbox,
    onSpawn: child => process.once('exit', () => child.kill('SIGKILL')),
    environment: {
      CACHE_MAX_BYTES: String(cacheMib * MIB),
      CACHE_FRESH_SECONDS: String(FRESH_SECONDS),
      CACHE_SNAPSHOT_FILE: join(folder, 'snapshot'),
      SHARED_CACHE_URL: redis.url,
    },
  })
  cleanup.defer(() => service.stop())
  const end = new AbortController()
  const load = sendMixed(service.url, perSecond, end.signal)
  const faults = breakInTurn(end.signal, SPOTIFY_WORKS_MS, SPOTIFY_FAILS_MS, async nth =>
    sandbox.fault({ on: 'api', answer: FAULTS[nth % FAULTS.length] as AnswerName }),
  )
  const kills = breakInTurn(end.signal, REDIS_RUNS_MS, REDIS_GONE_MS, async () => {
    await redis.kill()
    return () => redis.restart()
  })
  cleanup.defer(() => {
    end.abort()
    return Promise.all([faults, kills])
  })
  for (let minute = 1; minute <= minutes; minute++) {
    await sleep(60_000)
    const { nowBytes, peakBytes } = residentOf(Number(service.child.pid))
    console.log(`${cacheMib} MiB, minute ${minute}: ${mb(nowBytes)} MB, peak ${mb(peakBytes)} MB`)
  }
  end.abort()
  const { statuses, odd, hitsMs, leftOut } = await load
  const p99Ms = quantile(hitsMs, 0.99).toFixed(1)
  console.log(`${JSON.stringify(statuses)}, ${leftOut} left out, p99 of hits ${p99Ms} ms`)
  console.log(`${odd.length} odd responses`, odd.slice(0, 10))
}

const cleanup = new Cleanup()
for (const mib of sizesMib) {
  try {
    await measure(mib, cleanup)
  } finally {
    await cleanup.run()
  }
}
