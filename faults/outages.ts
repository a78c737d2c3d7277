import { type Answer, type AnswerName, json } from '../sandbox/answers.ts'
import type { Scenario } from './stats.ts'
import { kindOf } from './stats.ts'
import { retriesIn, users, type VirtualLab, virtual } from './virtual-lab.ts'

const USERS = users('user', 20)
const FRESH_SECONDS = 300
const REVALIDATE_SECONDS = 3600
const OUTAGE_SECONDS = 300
/** The longest gate pause, including jitter. */
const PROBE_INTERVAL_SECONDS = 66
const CONCURRENCY = 8

/** Spotify failures for all users. */
const OUTAGES: AnswerName[] = [
  'unavailable-text',
  'unavailable-html',
  'server-error',
  'reset',
  'reset-mid-body',
  'hang',
  'drip',
  'html',
  'cut-json',
  'cut-gzip',
  'gzip-bomb',
  'huge-page',
  'wrong-total',
  'items-not-array',
  'entry-not-object',
  'huge-total',
  'redirect',
]

/** Looks up four users every second. */
async function lookUpFor(lab: VirtualLab, durationSeconds: number): Promise<void> {
  const waiting: Promise<unknown>[] = []
  for (let second = 0; second < durationSeconds; second++) {
    for (let nth = 0; nth < 4; nth++) {
      waiting.push(lab.ask(String(USERS[(4 * second + nth) % USERS.length])))
    }
    await lab.settle()
    await lab.clock.advance(1000)
  }
  await lab.passUntil(Promise.all(waiting))
}

/** How many seconds until all users get a fresh list again. */
async function secondsUntilFresh(lab: VirtualLab): Promise<number> {
  const stale = new Set(USERS)
  let seconds = 0
  for (; seconds < 10 * PROBE_INTERVAL_SECONDS; seconds++) {
    for (const user of stale) if (kindOf(await lab.ask(user)) === 'fresh') stale.delete(user)
    if (stale.size === 0) break
    await lab.settle()
    await lab.clock.advance(1000)
  }
  return seconds
}

/** How many requests came less than a second after the previous request, after the gate closed. */
function tooSoon(lab: VirtualLab, closedAtMs: number): number {
  const probes = lab.faulted.filter(({ atMs }) => atMs > closedAtMs)
  return probes.filter(({ atMs }, index) => atMs - Number(probes[index - 1]?.atMs) < 1000).length
}

function outage(answer: AnswerName, staleSeconds: number, where: string): Scenario {
  return virtual(`outage: ${answer}, users in ${where}`, async lab => {
    const { clock, sandbox, ask, stats, faulted } = lab
    for (const user of USERS) await ask(user)
    await clock.advance((FRESH_SECONDS + staleSeconds) * 1000)
    const before = sandbox.count('api')
    const repair = lab.fault(answer)
    const startMs = clock.monotonic()
    await lookUpFor(lab, OUTAGE_SECONDS)
    const duringOutage = faulted.length
    // During one time-out, responses to requests sent before the gate closed still arrive.
    const noise = tooSoon(lab, startMs + 6000)
    const retries = retriesIn(faulted)
    const failures = stats.failures
    repair()
    const atRecovery = sandbox.count('api')
    const recovery = await secondsUntilFresh(lab)
    return {
      stats,
      spotifyRequests: duringOutage,
      thresholds: [
        ['no user gets a 5xx', failures === 0],
        ['at most one probe a second', noise === 0 && duringOutage <= CONCURRENCY + OUTAGE_SECONDS],
        [
          'retries are 10 % of the requests, or 2 a minute',
          retries <= Math.max(2, 0.1 * (before + duringOutage)),
        ],
        [
          'all lists are fresh again within two probe intervals',
          recovery <= 2 * PROBE_INTERVAL_SECONDS,
        ],
        [
          'the recovery takes one request a user and one probe',
          sandbox.count('api') - atRecovery <= USERS.length + 1,
        ],
        ['concurrency stays within the limit', sandbox.peakInFlight <= CONCURRENCY],
        ['no other endpoint of Spotify is contacted', otherRequests(lab) === 0],
      ],
    }
  })
}

/** Looks up two uncached users per second; Spotify has never worked. */
function outageFromTheStart(answer: AnswerName): Scenario {
  return virtual(`outage: ${answer}, from the start`, async lab => {
    const { clock, ask, faulted } = lab
    const repair = lab.fault(answer)
    const waiting: Promise<unknown>[] = []
    const strangersFor = async (durationSeconds: number, name: string) => {
      for (let half = 0; half < 2 * durationSeconds; half++) {
        waiting.push(ask(`${name}${half}`))
        await lab.settle()
        await clock.advance(500)
      }
    }
    const startMs = clock.monotonic()
    await strangersFor(OUTAGE_SECONDS, 'during')
    const duringOutage = faulted.length
    // During one time-out, responses to earlier requests still arrive, and a probe takes another.
    const noise = tooSoon(lab, startMs + 11_000)
    repair()
    await strangersFor(PROBE_INTERVAL_SECONDS, 'after')
    await lab.passUntil(Promise.all(waiting))
    const last = await ask('last')
    return {
      ...lab.result([
        ['at most one probe a second', noise === 0 && duringOutage <= CONCURRENCY + OUTAGE_SECONDS],
        ['lookups work again within a probe interval', last.status === 200],
      ]),
      spotifyRequests: duringOutage,
    }
  })
}

function otherRequests({ sandbox }: VirtualLab): number {
  return sandbox.requests.filter(({ kind }) => kind === 'other').length
}

const oneUserFails = virtual('5xx for one user, for an hour', async lab => {
  const { clock, sandbox, ask, stats } = lab
  sandbox.fault({ on: 'api', userId: 'broken', answer: 'server-error' })
  for (let step = 0; step < 360; step++) {
    await lab.passUntil(ask('broken'), 400)
    await ask(`user${step}`)
    await clock.advance(10_000)
  }
  const ofBroken = sandbox.requests.filter(({ userId }) => userId === 'broken').length
  return lab.result([
    ['other users are served', stats.kinds.fresh === 360],
    // One lookup with three attempts per minute, after the back-off has doubled.
    ['the failing user costs at most three requests a minute', ofBroken <= 3 * (60 + 7)],
  ])
})

const foreignNext = virtual('pages with a `next` on another host', async lab => {
  const { sandbox, ask, stats } = lab
  lab.fault('foreign-next')
  await Promise.all(['smedjan', 'collector', 'one'].map(ask))
  return lab.result([
    ['every lookup is served', stats.kinds.fresh === 3],
    ['the other host is never contacted', otherRequests(lab) === 0],
    ['one request a page', sandbox.count('api') === 3 + 40 + 1],
  ])
})

/** Each page's total is one page beyond its end, so the list never ends. */
const endless: Answer = context => {
  const page = context.page()
  json(200, { ...page, total: page.offset + 100, items: page.items.slice(0, 50) })(context)
}

const endlessPages = virtual('pages without an end', async lab => {
  const { sandbox, ask } = lab
  lab.fault(endless)
  const response = await ask('collector')
  return lab.result([
    ['the response is marked incomplete', JSON.parse(response.body).complete === false],
    ['at most two page traversals', sandbox.count('api') <= 2 * 3],
  ])
})

/** Outages, and failures that look like outages. */
export const outages: Scenario[] = [
  ...OUTAGES.map(answer => outage(answer, 10, 'stale-while-revalidate')),
  outage('unavailable-text', REVALIDATE_SECONDS + 10, 'stale-if-error'),
  outage('hang', REVALIDATE_SECONDS + 10, 'stale-if-error'),
  outageFromTheStart('server-error'),
  outageFromTheStart('hang'),
  oneUserFails,
  foreignNext,
  endlessPages,
]
