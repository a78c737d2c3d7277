import type { AnswerName } from '../sandbox/answers.ts'
import type { Scenario, TimedResponse } from './stats.ts'
import { users, type VirtualLab, virtual } from './virtual-lab.ts'

const SECONDS = 60
/** Other callers request a new user every second. */
const ATTACKS_A_SECOND = 10
const BAD = users('bad', 40)

/** Failures that Spotify might return for some ids while working for all others. */
const FAULTS: AnswerName[] = [
  'server-error',
  'reset',
  'bad-request',
  'forbidden',
  'user-authentication-required',
  'html',
]

const isBad = (userId: string | undefined) => BAD.includes(String(userId))

/** How many requests were for users without failures. */
const requestsForOthers = ({ sandbox }: VirtualLab) =>
  sandbox.requests.filter(({ kind, userId }) => kind === 'api' && !isBad(userId)).length

/** Requests forty failing ids in turn, while other callers request uncached users. */
function failingIds(answer: AnswerName, isWarm: boolean): Scenario {
  const title = `forty failing ids: ${answer}, ${isWarm ? 'after others worked' : 'from the start'}`
  return virtual(title, async lab => {
    const { clock, ask } = lab
    if (isWarm) for (const user of users('warm', 20)) await ask(user)
    lab.fault(answer, ({ userId }) => isBad(userId))
    const before = requestsForOthers(lab)
    let served = 0
    for (let second = 0; second < SECONDS; second++) {
      for (let nth = 0; nth < ATTACKS_A_SECOND; nth++) {
        await clock.runUntil(ask(`bad${(second * ATTACKS_A_SECOND + nth) % BAD.length}`))
        await clock.advance(1000 / ATTACKS_A_SECOND)
      }
      const { status } = await clock.runUntil(ask(`honest${second}`))
      if (status === 200) served++
    }
    const verifications = requestsForOthers(lab) - before - served
    const { spotify } = await lab.status()
    return lab.result([
      ['every other lookup is served', served === SECONDS],
      ['at most one request a second verifies that Spotify works', verifications <= SECONDS],
      ['the gate is open', spotify.gate === 'open'],
    ])
  })
}

const API_KEYS = `honest:${'h'.repeat(32)},attacker:${'a'.repeat(32)}`

/** Requests ids that hang at Spotify, so each request holds a slot until the time-out. */
const hangingIds = virtual(
  'forty ids that hang, requested with one key',
  async lab => {
    const { clock, ask, askAs } = lab
    lab.fault('hang', ({ userId }) => isBad(userId))
    const honest: Promise<TimedResponse>[] = []
    for (let tenth = 0; tenth < 10 * SECONDS; tenth++) {
      askAs('attacker', `bad${tenth % BAD.length}`)
      if (tenth % 10 === 9) honest.push(ask(`honest${tenth}`))
      await lab.settle()
      await clock.advance(1000 / ATTACKS_A_SECOND)
    }
    const responses = await lab.passUntil(Promise.all(honest))
    const served = responses.filter(({ status }) => status === 200).length
    return lab.result([
      ['90 % of the lookups with another key are served', served >= 0.9 * SECONDS],
    ])
  },
  { API_KEYS },
)

/** A response about one user reveals nothing about others, even if all users get it. */
const all400 = virtual('400 for all users, for five minutes', async lab => {
  const { clock, ask, faulted } = lab
  const requested = users('user', 20)
  lab.fault('bad-request')
  for (let second = 0; second < 300; second++) {
    await ask(String(requested[second % requested.length]))
    await lab.settle()
    await clock.advance(1000)
  }
  return lab.result([
    // At the first lookup after 1, 2, 4, 8 and 16 s, then once a minute.
    ['the back-off limits the requests for each user', faulted.length <= 10 * requested.length],
    ['every lookup fails with the reason', lab.stats.kinds['spotify-bad-response'] === 300],
  ])
})

/** Failing ids while Spotify works. */
export const failing: Scenario[] = [
  ...FAULTS.flatMap(answer => [false, true].map(isWarm => failingIds(answer, isWarm))),
  hangingIds,
  all400,
]
