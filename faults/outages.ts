import { type Answer, type AnswerName, json } from '../sandbox/answers.ts'
import type { Scenario } from './tally.ts'
import { kindOf } from './tally.ts'
import { retriesIn, users, type VirtualLab, virtual } from './virtual-lab.ts'

const USERS = users('user', 20)
const FRESH_SECONDS = 300
const REVALIDATE_SECONDS = 3600
const OUTAGE_SECONDS = 300
/** The longest pause of the gate, with its jitter. */
const PROBE_INTERVAL_SECONDS = 66
const CONCURRENCY = 8

/** Every way in which Spotify can be out of order for everybody. */
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

/** Four of the users ask every second. */
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

/** How many seconds it takes until everybody is answered fresh again. */
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

/** Requests that left less than a second after the one before, once the gate had closed. */
function tooSoon(lab: VirtualLab, closedAtMs: number): number {
  const probes = lab.met.filter(({ atMs }) => atMs > closedAtMs)
  return probes.filter(({ atMs }, index) => atMs - Number(probes[index - 1]?.atMs) < 1000).length
}

function outage(answer: AnswerName, staleSeconds: number, where: string): Scenario {
  return virtual(`outage: ${answer}, users in ${where}`, async lab => {
    const { clock, sandbox, ask, tally, met } = lab
    for (const user of USERS) await ask(user)
    await clock.advance((FRESH_SECONDS + staleSeconds) * 1000)
    const before = sandbox.count('api')
    const repair = lab.fault(answer)
    const startMs = clock.monotonic()
    await lookUpFor(lab, OUTAGE_SECONDS)
    const duringOutage = met.length
    // One time-out long, those that left together still come back.
    const noise = tooSoon(lab, startMs + 6000)
    const retries = retriesIn(met)
    const failures = tally.failures
    repair()
    const atRecovery = sandbox.count('api')
    const recovery = await secondsUntilFresh(lab)
    return {
      tally,
      spotifyRequests: duringOutage,
      bars: [
        ['no user gets a 5xx', failures === 0],
        ['one probe a second at most', noise === 0 && duringOutage <= CONCURRENCY + OUTAGE_SECONDS],
        [
          'retries are 10 % of the requests, or 2 a minute',
          retries <= Math.max(2, 0.1 * (before + duringOutage)),
        ],
        ['fresh again within two probe intervals', recovery <= 2 * PROBE_INTERVAL_SECONDS],
        [
          'nobody is asked for twice afterwards, but for one probe',
          sandbox.count('api') - atRecovery <= USERS.length + 1,
        ],
        ['never more at once than allowed', sandbox.peakInFlight <= CONCURRENCY],
        ['nothing else of Spotify is contacted', others(lab) === 0],
      ],
    }
  })
}

/** Strangers ask twice a second; nobody was ever answered. */
function outageFromTheStart(answer: AnswerName): Scenario {
  return virtual(`outage: ${answer}, from the start`, async lab => {
    const { clock, ask, met } = lab
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
    const duringOutage = met.length
    // Those that left together still come back one time-out long, and a probe finds out what it is.
    const noise = tooSoon(lab, startMs + 11_000)
    repair()
    await strangersFor(PROBE_INTERVAL_SECONDS, 'after')
    await lab.passUntil(Promise.all(waiting))
    const last = await ask('last')
    return {
      ...lab.result([
        ['one probe a second at most', noise === 0 && duringOutage <= CONCURRENCY + OUTAGE_SECONDS],
        ['answered again within a probe interval', last.status === 200],
      ]),
      spotifyRequests: duringOutage,
    }
  })
}

function others({ sandbox }: VirtualLab): number {
  return sandbox.requests.filter(({ kind }) => kind === 'other').length
}

const oneUserFails = virtual('5xx for one user while others work, for an hour', async lab => {
  const { clock, sandbox, ask, tally } = lab
  sandbox.fault({ on: 'api', userId: 'broken', answer: 'server-error' })
  for (let step = 0; step < 360; step++) {
    await lab.passUntil(ask('broken'), 400)
    await ask(`user${step}`)
    await clock.advance(10_000)
  }
  const ofBroken = sandbox.requests.filter(({ userId }) => userId === 'broken').length
  return lab.result([
    ['the others are served', tally.kinds.fresh === 360],
    // A lookup a minute at most, after the doubling on its way there, of three attempts.
    ['the one costs three requests a minute at most', ofBroken <= 3 * (60 + 7)],
  ])
})

const foreignNext = virtual('pages whose next names another place', async lab => {
  const { sandbox, ask, tally } = lab
  lab.fault('foreign-next')
  await Promise.all(['smedjan', 'collector', 'one'].map(ask))
  return lab.result([
    ['everybody is served', tally.kinds.fresh === 3],
    ['the other place is never contacted', others(lab) === 0],
    ['one request a page', sandbox.count('api') === 3 + 40 + 1],
  ])
})

/** Each page names a total that is one page longer. */
const endless: Answer = context => {
  const page = context.page()
  json(200, { ...page, total: page.offset + 100, items: page.items.slice(0, 50) })(context)
}

const endlessPages = virtual('pages without an end', async lab => {
  const { sandbox, ask } = lab
  lab.fault(endless)
  const answer = await ask('collector')
  return lab.result([
    ['the answer says that it is not complete', JSON.parse(answer.body).complete === false],
    ['two walks at most', sandbox.count('api') <= 2 * 3],
  ])
})

/** Outages, and failures that look like one. */
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
