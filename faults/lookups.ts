import { json } from '../sandbox/answer.ts'
import { type Entries, playlist } from '../sandbox/users.ts'
import { kindOf, type Scenario } from './stats.ts'
import { users, type VirtualLab, virtual } from './virtual-lab.ts'

const CALLERS = 1000
/** Default LOOKUP_TIMEOUT_MS. */
const DEADLINE_MS = 15_000

const callersOf = (lab: VirtualLab, user: string) =>
  Array.from({ length: CALLERS }, () => lab.ask(user))

const stampede = virtual('stampede: 1000 callers, 1 user of 3 pages', async lab => {
  await Promise.all(callersOf(lab, 'smedjan'))
  return lab.result([
    ['one request a page', lab.sandbox.count('api') === 3],
    ['one token request', lab.sandbox.count('token') === 1],
    ['every response is 200', lab.stats.kinds.fresh === CALLERS],
  ])
})

const slowStampede = virtual(
  'stampede: 1000 callers, Spotify takes 7 s',
  async lab => {
    const { clock, sandbox } = lab
    const release = sandbox.hold('api')
    const callers = callersOf(lab, 'one')
    await sandbox.arrived('api', 1)
    await clock.advance(7000)
    release()
    await Promise.all(callers)
    return lab.result([
      ['one request a page', sandbox.count('api') === 1],
      ['every response is 200', lab.stats.kinds.fresh === CALLERS],
    ])
  },
  { SPOTIFY_TIMEOUT_MS: '10000' },
)

const tooSlowStampede = virtual('stampede: 1000 callers, Spotify hangs', async lab => {
  const { clock, sandbox } = lab
  lab.fault('hang')
  const startMs = clock.monotonic()
  const callers = callersOf(lab, 'one')
  await sandbox.arrived('api', 1)
  await lab.passUntil(Promise.all(callers))
  const took = clock.monotonic() - startMs
  return lab.result([
    ['at most three requests', sandbox.count('api') <= 3],
    ['every lookup fails by the deadline', took <= DEADLINE_MS && lab.stats.failures === CALLERS],
  ])
})

const failingStampede = virtual('stampede: 1000 callers twice, Spotify fails', async lab => {
  const { sandbox, clock } = lab
  lab.fault('unavailable-text')
  await lab.passUntil(Promise.all(callersOf(lab, 'smedjan')), 100)
  await clock.advance(100)
  await Promise.all(callersOf(lab, 'smedjan'))
  return lab.result([
    ['at most three requests', sandbox.count('api') <= 3],
    ['every response names the cause', lab.stats.kinds['spotify-unavailable'] === 2 * CALLERS],
  ])
})

const flood = virtual('flood: 3000 uncached users', async lab => {
  const { sandbox, ask, stats, clock } = lab
  await ask('warm')
  const release = sandbox.hold('api')
  const callers = users('stranger', 3000).map(ask)
  await sandbox.arrived('api', 1 + 8)
  await clock.advance(0)
  const refused = stats.kinds.overloaded
  const hit = await ask('warm')
  release()
  await lab.passUntil(Promise.all(callers), 1)
  return lab.result([
    ['lookups above the queue limit fail at once', refused === 3000 - 8 - 500],
    ['hits are served meanwhile', hit.status === 200],
    ['queued lookups are served', stats.kinds.fresh === 2 + 8 + 500],
    ['concurrency stays within the limit', sandbox.peakInFlight <= 8],
  ])
})

const listOf = (user: string, from: number, to: number): Entries =>
  Array.from({ length: to - from }, (_, index) => playlist(user, from + index))

const pageThree = virtual('page 3 of 5 fails', async lab => {
  const { sandbox, ask, clock } = lab
  sandbox.setUser('five', listOf('five', 0, 250))
  const cached = await ask('five')
  await clock.advance(400_000)
  const repair = sandbox.fault({ on: 'api', offset: 100, answer: 'entry-not-object' })
  const stale = await ask('five')
  await lab.settle()
  sandbox.setUser('cold', listOf('cold', 0, 250))
  const cold = await ask('cold')
  const after = await ask('five')
  repair()
  await clock.advance(2000)
  const healed = await ask('cold')
  return lab.result([
    ['the cached list is still served', [stale, after].every(({ body }) => body === cached.body)],
    ['no partial list is served', kindOf(cold) === 'spotify-bad-response'],
    ['no partial list is cached', JSON.parse(healed.body).items.length === 250],
  ])
})

const moving = virtual('the list changes between its pages', async lab => {
  const { sandbox, ask } = lab
  sandbox.setUser('mover', listOf('mover', 1, 221))
  sandbox.fault({
    on: 'api',
    userId: 'mover',
    offset: 0,
    times: 1,
    answer(context) {
      json(200, context.page())(context)
      sandbox.setUser('mover', listOf('mover', 0, 221))
    },
  })
  const { items, complete } = JSON.parse((await ask('mover')).body)
  const ids = new Set(items.map(({ id }: { id: string }) => id))
  return lab.result([
    [
      'the list is complete and free of duplicates',
      complete && ids.size === 221 && items.length === 221,
    ],
    ['at most two page traversals', sandbox.count('api') <= 2 * 5],
  ])
})

const tokenDown = virtual(
  'the token endpoint is down, the token first valid, then not',
  async lab => {
    const { sandbox, ask, clock } = lab
    await ask('warm')
    sandbox.fault({ on: 'token', answer: 'unavailable-html' })
    await clock.advance(3_000_000)
    const valid = await ask('cold')
    const before = sandbox.count('api')
    let failsWithCause = true
    let isStale = true
    for (let minute = 0; minute < 20; minute++) {
      await clock.advance(60_000)
      if (minute < 10) continue
      failsWithCause &&= kindOf(await ask(`late${minute}`)) === 'spotify-unavailable'
      isStale &&= kindOf(await ask('warm')) === 'stale'
    }
    return lab.result([
      ['lookups work with a valid token', valid.status === 200],
      ['without a token no request is sent', sandbox.count('api') === before],
      ['lookups without a cached list name the cause', failsWithCause],
      ['cached lists are served', isStale],
      [
        'two token requests a minute, after the back-off has doubled',
        sandbox.count('token') <= 1 + 8 + 2 * 32,
      ],
    ])
  },
)

/** What a lookup costs with many callers or failing pages. */
export const lookups: Scenario[] = [
  stampede,
  slowStampede,
  tooSlowStampede,
  failingStampede,
  flood,
  pageThree,
  moving,
  tokenDown,
]
