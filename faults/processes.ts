import { setTimeout as sleep } from 'node:timers/promises'
import type { AnswerName } from '../sandbox/answers.ts'
import { type ProcessLab, real } from './process-lab.ts'
import { kindOf, type Scenario, Stats } from './stats.ts'
import { users } from './virtual-lab.ts'

const CONCURRENCY = 8
const USERS = users('user', 20)
const CALLERS = 1000
/** Twice the maximum page size, for each page in flight. */
const MAX_GROWTH_MIB = 2 * 2 * CONCURRENCY
/** Below this, a timer or garbage collection decides the p99. */
const FLOOR_MS = 5

/** Lists are fresh for a second, so the service constantly revalidates. */
const BUSY = {
  CACHE_FRESH_SECONDS: '1',
  SPOTIFY_TIMEOUT_MS: '1000',
  SPOTIFY_CONCURRENCY: String(CONCURRENCY),
}

function stampede(title: string, latencyMs: number, environment: Record<string, string> = {}) {
  return real(
    `stampede in real time: ${title}`,
    async lab => {
      const { sandbox, ask } = lab
      sandbox.latencyMs = latencyMs
      const stats = new Stats()
      await Promise.all(Array.from({ length: CALLERS }, () => ask('smedjan', stats)))
      return {
        stats,
        spotifyRequests: sandbox.count('api'),
        thresholds: [
          ['one request a page', sandbox.count('api') === 3],
          ['one token request', sandbox.count('token') === 1],
          ['every response is 200', stats.kinds.fresh === CALLERS],
        ],
      }
    },
    environment,
  )
}

const failingStampede = real('stampede in real time: Spotify fails', async lab => {
  const { sandbox, ask } = lab
  lab.fault('unavailable-text')
  const stats = new Stats()
  await Promise.all(Array.from({ length: CALLERS }, () => ask('smedjan', stats)))
  return {
    stats,
    spotifyRequests: sandbox.count('api'),
    thresholds: [
      ['at most three requests', sandbox.count('api') <= 3],
      ['every response names the cause', stats.kinds['spotify-unavailable'] === CALLERS],
    ],
  }
})

/** Lets `play` break Spotify while callers request cached lists. */
function outage(title: string, play: (lab: ProcessLab) => Promise<() => unknown>): Scenario {
  return real(
    `outage in real time: ${title}`,
    async lab => {
      const { ask } = lab
      for (const user of USERS) await ask(user)
      // Warm up, so process memory has its final size.
      await lab.load(USERS, 3000, new Stats())
      const normal = new Stats()
      await lab.load(USERS, 3000, normal)
      const before = await lab.sent()
      const beforeBytes = lab.residentBytes()
      let peakBytes = beforeBytes
      const watch = setInterval(() => {
        peakBytes = Math.max(peakBytes, lab.residentBytes())
      }, 20)
      const during = new Stats()
      const seconds = 4
      let repair: () => unknown
      try {
        repair = await play(lab)
        await lab.load(USERS, 1000 * seconds, during)
      } finally {
        clearInterval(watch)
      }
      const spent = (await lab.sent()) - before
      await repair()
      const repairedMs = performance.now()
      const stale = new Set(USERS)
      while (stale.size > 0 && performance.now() - repairedMs < 20_000) {
        for (const user of stale) if (kindOf(await ask(user)) === 'fresh') stale.delete(user)
        await sleep(50)
      }
      const recoveryMs = performance.now() - repairedMs
      const p99 = during.percentile(0.99)
      const allowedMs = Math.max(2 * normal.percentile(0.99), FLOOR_MS)
      const grownMiB = (peakBytes - beforeBytes) / 2 ** 20
      return {
        stats: during,
        spotifyRequests: spent,
        thresholds: [
          ['no user gets a 5xx', during.failures === 0],
          [`p99 ${p99.toFixed(1)} ms, allowed ${allowedMs.toFixed(1)} ms`, p99 <= allowedMs],
          ['at most one probe a second', spent <= 2 * CONCURRENCY + seconds],
          // Pauses so far took 1, 2 and 4 s.
          [`fresh again after ${Math.round(recoveryMs)} ms`, recoveryMs <= 2 * 4400],
          [
            `memory grew by ${grownMiB.toFixed(1)} MiB at its peak, allowed ${MAX_GROWTH_MIB} MiB`,
            Number.isNaN(grownMiB) || grownMiB <= MAX_GROWTH_MIB,
          ],
          ['the process is alive', lab.isAlive()],
          ['concurrency stays within the limit', lab.sandbox.peakInFlight <= CONCURRENCY],
        ],
      }
    },
    BUSY,
  )
}

const OUTAGES: AnswerName[] = ['unavailable-text', 'reset', 'hang', 'drip', 'html', 'cut-json']
const HOSTILE: AnswerName[] = ['huge-page', 'gzip-bomb', 'huge-total']

const flood = real('flood in real time: 3000 users, Spotify takes 50 ms', async lab => {
  const { sandbox, ask } = lab
  await ask('warm')
  sandbox.latencyMs = 50
  const stats = new Stats()
  const hits = new Stats()
  const strangers = users('stranger', 3000)
  const flooded = Promise.all(strangers.map(user => ask(user, stats)))
  await lab.load(['warm'], 2000, hits)
  await flooded
  const slowestMs = stats.percentile(1)
  return {
    stats,
    spotifyRequests: sandbox.count('api'),
    thresholds: [
      [
        'every lookup is served or refused',
        (stats.kinds.fresh ?? 0) + (stats.kinds.overloaded ?? 0) === 3000,
      ],
      ['hits are served', hits.failures === 0],
      [`no lookup takes longer than 15 050 ms: ${Math.round(slowestMs)} ms`, slowestMs <= 15_050],
      ['concurrency stays within the limit', sandbox.peakInFlight <= CONCURRENCY],
    ],
  }
})

const refusedCold = real('429 in real time: users without a cached list', async lab => {
  const { sandbox, ask } = lab
  lab.fault('quota-exceeded')
  await ask('first')
  const stats = new Stats()
  for (const user of users('cold', 500)) await ask(user, stats)
  const slowestMs = stats.percentile(0.99)
  return {
    stats,
    spotifyRequests: sandbox.count('api'),
    thresholds: [
      ['one request', sandbox.count('api') === 1],
      [`99 % below 20 ms: ${slowestMs.toFixed(1)} ms`, slowestMs < 20],
      ['every response names the cause', stats.kinds['spotify-quota-exceeded'] === 500],
    ],
  }
})

/** Scenarios that measure process time, memory and sockets. */
export const processes: Scenario[] = [
  stampede('1000 callers, 1 user of 3 pages', 0),
  stampede('1000 callers, Spotify takes 7 s a page', 7000, { SPOTIFY_TIMEOUT_MS: '10000' }),
  failingStampede,
  ...[...OUTAGES, ...HOSTILE].map(answer => outage(answer, async lab => lab.fault(answer))),
  outage('refused port', lab => lab.unplug()),
  flood,
  refusedCold,
]
