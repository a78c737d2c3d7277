import { type AnswerName, rateLimited, status } from '../sandbox/answers.ts'
import { kindOf, type Scenario, type TimedResponse } from './stats.ts'
import { users, virtual } from './virtual-lab.ts'

const HOUR_SECONDS = 3600

/** Maximum time for a refusal without a cached list; `npm run faults` measures it. */
const REFUSAL_MS = 20

const hourOf429 = virtual('429 with Retry-After 3600, for an hour', async lab => {
  const { clock, sandbox, ask, stats } = lab
  const warm = users('warm', 20)
  for (const user of warm) await ask(user)
  const before = sandbox.count('api')
  lab.fault(rateLimited('3600'))
  const first = await ask('cold')
  const endsAt = clock.now() + HOUR_SECONDS * 1000
  let isExact = first.headers['retry-after'] === '3600'
  let areWarmServed = true
  const cold: number[] = []
  for (let minute = 1; minute < 60; minute++) {
    await clock.advance(60_000)
    for (const user of warm) areWarmServed &&= (await ask(user)).status === 200
    const refused = await ask(`cold${minute}`)
    cold.push(refused.durationMs)
    const leftSeconds = String(Math.ceil((endsAt - clock.now()) / 1000))
    isExact &&= refused.status === 503 && refused.headers['retry-after'] === leftSeconds
    await lab.settle()
  }
  const spent = sandbox.count('api') - before
  const slowest = Math.max(...cold)
  return {
    stats,
    spotifyRequests: spent,
    thresholds: [
      ['at most 1 request in that hour', spent <= 1],
      ['users with a cached list get 200', areWarmServed],
      ['other users get 503 with the exact Retry-After', isExact],
      [`refusals take less than ${REFUSAL_MS} ms`, slowest < REFUSAL_MS],
    ],
  }
})

const quota = virtual('quota exceeded, for a day', async lab => {
  const { clock, sandbox, ask } = lab
  lab.fault('quota-exceeded')
  const kinds = new Set<string>()
  for (let hour = 0; hour < 23; hour++) {
    kinds.add(kindOf(await ask(`cold${hour}`)))
    await clock.advance(HOUR_SECONDS * 1000)
  }
  return lab.result([
    ['at most 1 request in that day', sandbox.count('api') <= 1],
    ['every response names the cause', kinds.size === 1 && kinds.has('spotify-quota-exceeded')],
  ])
})

/** The most requests an app without access sends before it only probes. */
const BEFORE_SILENCE = 4

/** Looks up uncached users for half an hour, with a probe every five minutes. */
function denial(answer: AnswerName, diagnosis: string, requestsPerProbe = 1): Scenario[] {
  return [false, true].map(isWarm => {
    const since = isWarm ? 'after it worked' : 'from the start'
    return virtual(`denied: ${answer}, for half an hour, ${since}`, async lab => {
      const { clock, sandbox, ask, faulted } = lab
      if (isWarm) for (const user of users('warm', 20)) await ask(user)
      const startMs = clock.monotonic()
      lab.fault(answer)
      const denied: TimedResponse[] = []
      for (let step = 0; step < 180; step++) {
        denied.push(await ask(`stranger${step}`))
        await lab.settle()
        await clock.advance(10_000)
      }
      const { spotify } = await lab.status()
      const first = faulted.filter(({ atMs }) => atMs - startMs < 300_000).length
      const hasDiagnosis = denied.every(({ body }) => body.includes(`${diagnosis}: `))
      return lab.result([
        [`only probes after at most ${BEFORE_SILENCE} requests`, first <= BEFORE_SILENCE],
        ['one probe every five minutes', faulted.length - first <= 5 * requestsPerProbe],
        ['at most one token request a probe', sandbox.count('token') <= 1 + 6],
        [
          '502 with the diagnosis',
          hasDiagnosis && denied.every(response => kindOf(response) === 'spotify-access-denied'),
        ],
        [
          '/status has the diagnosis too',
          spotify.diagnosis === diagnosis && spotify.remedy !== null,
        ],
      ])
    })
  })
}

const named503 = virtual('503 with Retry-After 60, for ten minutes', async lab => {
  const { clock, sandbox, ask } = lab
  const repair = lab.fault(status(503, '', { 'retry-after': '60' }))
  let isExact = true
  for (let second = 0; second < 600; second += 5) {
    const left = 60 - (second % 60)
    isExact &&= (await ask('impatient')).headers['retry-after'] === String(left)
    await clock.advance(5000)
  }
  const spent = sandbox.count('api')
  repair()
  const after = kindOf(await ask('impatient'))
  return lab.result([
    ['one request a minute, however often a caller retries', spent === 10],
    ['Retry-After is exact', isExact],
    ['the list is fresh after the last minute', after === 'fresh'],
  ])
})

const fifty401s = virtual('fifty 401s at once', async lab => {
  const { sandbox, ask, stats } = lab
  await ask('warm')
  sandbox.revokeTokens()
  await Promise.all(users('user', 50).map(ask))
  return lab.result([
    ['one more token request', sandbox.count('token') === 2],
    ['every response is 200', stats.failures === 0],
  ])
})

/** Spotify refusals, each concerning all users. */
export const refusals: Scenario[] = [
  hourOf429,
  quota,
  ...denial('forbidden', 'endpoint-forbidden'),
  ...denial('premium-required', 'premium-required'),
  ...denial('not-registered', 'user-authentication-required'),
  ...denial('insufficient-scope', 'user-authentication-required'),
  ...denial('user-authentication-required', 'user-authentication-required', 2),
  ...denial('expired-token', 'access-denied', 2),
  named503,
  fifty401s,
]
