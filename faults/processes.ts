import { setTimeout as sleep } from 'node:timers/promises'
import type { AnswerName } from '../sandbox/answers.ts'
import { type ProcessLab, real } from './process-lab.ts'
import { kindOf, type Scenario, Tally } from './tally.ts'
import { users } from './virtual-lab.ts'

const CONCURRENCY = 8
const USERS = users('user', 20)
const CALLERS = 1000
/** Twice what one page may have, for each of those that may be under way. */
const MAX_GROWTH_MIB = 2 * 2 * CONCURRENCY
/** Twice of next to nothing is next to nothing: below it a timer or a collection decides. */
const FLOOR_MS = 5

/** Fresh for a second only, so that refreshes go on all the time. */
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
      const tally = new Tally()
      await Promise.all(Array.from({ length: CALLERS }, () => ask('smedjan', tally)))
      return {
        tally,
        spotifyRequests: sandbox.count('api'),
        bars: [
          ['one request a page', sandbox.count('api') === 3],
          ['one token request', sandbox.count('token') === 1],
          ['everybody 200', tally.kinds.fresh === CALLERS],
        ],
      }
    },
    environment,
  )
}

const failingStampede = real('stampede in real time: Spotify fails', async lab => {
  const { sandbox, ask } = lab
  lab.fault('unavailable-text')
  const tally = new Tally()
  await Promise.all(Array.from({ length: CALLERS }, () => ask('smedjan', tally)))
  return {
    tally,
    spotifyRequests: sandbox.count('api'),
    bars: [
      ['three requests at most', sandbox.count('api') <= 3],
      ['everybody learns why', tally.kinds['spotify-unavailable'] === CALLERS],
    ],
  }
})

/** What `play` does to Spotify while everybody goes on asking for what is stored. */
function outage(title: string, play: (lab: ProcessLab) => Promise<() => unknown>): Scenario {
  return real(
    `outage in real time: ${title}`,
    async lab => {
      const { ask } = lab
      for (const user of USERS) await ask(user)
      // Once through everything, so that the process has the size that it keeps.
      await lab.load(USERS, 3000, new Tally())
      const normal = new Tally()
      await lab.load(USERS, 3000, normal)
      const before = await lab.sent()
      const beforeBytes = lab.residentBytes()
      let peakBytes = beforeBytes
      const watch = setInterval(() => {
        peakBytes = Math.max(peakBytes, lab.residentBytes())
      }, 20)
      const repair = await play(lab)
      const during = new Tally()
      const seconds = 4
      await lab.load(USERS, 1000 * seconds, during)
      clearInterval(watch)
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
        tally: during,
        spotifyRequests: spent,
        bars: [
          ['no user gets a 5xx', during.failures === 0],
          [`p99 ${p99.toFixed(1)} ms, allowed ${allowedMs.toFixed(1)} ms`, p99 <= allowedMs],
          ['one probe a second at most', spent <= 2 * CONCURRENCY + seconds],
          // The pauses so far are of 1, 2 and 4 s.
          [`fresh again after ${Math.round(recoveryMs)} ms`, recoveryMs <= 2 * 4400],
          [
            `memory grew by ${grownMiB.toFixed(1)} MiB at its peak, allowed ${MAX_GROWTH_MIB} MiB`,
            Number.isNaN(grownMiB) || grownMiB <= MAX_GROWTH_MIB,
          ],
          ['the process is alive', lab.isAlive()],
          ['never more at once than allowed', lab.sandbox.peakInFlight <= CONCURRENCY],
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
  const tally = new Tally()
  const hits = new Tally()
  const strangers = users('stranger', 3000)
  const flooded = Promise.all(strangers.map(user => ask(user, tally)))
  await lab.load(['warm'], 2000, hits)
  await flooded
  const slowestMs = tally.percentile(1)
  return {
    tally,
    spotifyRequests: sandbox.count('api'),
    bars: [
      [
        'who is not served is told',
        (tally.kinds.fresh ?? 0) + (tally.kinds.overloaded ?? 0) === 3000,
      ],
      ['hits are served', hits.failures === 0],
      [`nobody waits longer than 15 050 ms: ${Math.round(slowestMs)} ms`, slowestMs <= 15_050],
      ['never more at once than allowed', sandbox.peakInFlight <= CONCURRENCY],
    ],
  }
})

const refusedCold = real('429 in real time: callers without a stored answer', async lab => {
  const { sandbox, ask } = lab
  lab.fault('quota-exceeded')
  await ask('first')
  const tally = new Tally()
  for (const user of users('cold', 500)) await ask(user, tally)
  const slowestMs = tally.percentile(0.99)
  return {
    tally,
    spotifyRequests: sandbox.count('api'),
    bars: [
      ['one request', sandbox.count('api') === 1],
      [`99 % below 20 ms: ${slowestMs.toFixed(1)} ms`, slowestMs < 20],
      ['everybody learns why', tally.kinds['spotify-quota-exceeded'] === 500],
    ],
  }
})

/** What only a process of its own can show: time, memory, sockets. */
export const processes: Scenario[] = [
  stampede('1000 callers, 1 user of 3 pages', 0),
  stampede('1000 callers, Spotify takes 7 s a page', 7000, { SPOTIFY_TIMEOUT_MS: '10000' }),
  failingStampede,
  ...[...OUTAGES, ...HOSTILE].map(answer => outage(answer, async lab => lab.fault(answer))),
  outage('refused port', lab => lab.unplug()),
  flood,
  refusedCold,
]
