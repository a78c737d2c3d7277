import type { AnswerName } from '../sandbox/answers.ts'
import type { Answer, Scenario } from './tally.ts'
import { users, type VirtualLab, virtual } from './virtual-lab.ts'

const SECONDS = 60
/** The attacker is so many times as fast as the others, who ask for a new user every second. */
const ATTACKS_A_SECOND = 10
const BAD = users('bad', 40)

/** What Spotify may answer for some ids while it works for all others. */
const FAULTS: AnswerName[] = [
  'server-error',
  'reset',
  'bad-request',
  'forbidden',
  'user-authentication-required',
  'html',
]

const isBad = (userId: string | undefined) => BAD.includes(String(userId))

/** Requests about users that do not fail. */
const requestsForOthers = ({ sandbox }: VirtualLab) =>
  sandbox.requests.filter(({ kind, userId }) => kind === 'api' && !isBad(userId)).length

/** Forty ids that fail are asked for in turn, while others ask for users that nobody asked for. */
function failingIds(answer: AnswerName, isWarm: boolean): Scenario {
  const title = `forty ids that fail: ${answer}, ${isWarm ? 'after others worked' : 'from the start'}`
  return virtual(title, async lab => {
    const { clock, ask } = lab
    if (isWarm) for (const user of users('warm', 20)) await ask(user)
    lab.fault(answer, ({ userId }) => isBad(userId))
    const before = requestsForOthers(lab)
    let answered = 0
    for (let second = 0; second < SECONDS; second++) {
      for (let nth = 0; nth < ATTACKS_A_SECOND; nth++) {
        await clock.runUntil(ask(`bad${(second * ATTACKS_A_SECOND + nth) % BAD.length}`))
        await clock.advance(1000 / ATTACKS_A_SECOND)
      }
      const { status } = await clock.runUntil(ask(`honest${second}`))
      if (status === 200) answered++
    }
    const verifications = requestsForOthers(lab) - before - answered
    const { spotify } = await lab.status()
    return lab.result([
      ['every other lookup is answered', answered === SECONDS],
      ['one request a second at most finds out that Spotify works', verifications <= SECONDS],
      ['the gate is open', spotify.gate === 'open'],
    ])
  })
}

const API_KEYS = `honest:${'h'.repeat(32)},attacker:${'a'.repeat(32)}`

/** The same with ids at which Spotify hangs, so that each takes up a place for a time-out. */
const hangingIds = virtual(
  'forty ids that hang, asked for with one key',
  async lab => {
    const { clock, ask, askAs } = lab
    lab.fault('hang', ({ userId }) => isBad(userId))
    const honest: Promise<Answer>[] = []
    for (let tenth = 0; tenth < 10 * SECONDS; tenth++) {
      askAs('attacker', `bad${tenth % BAD.length}`)
      if (tenth % 10 === 9) honest.push(ask(`honest${tenth}`))
      await lab.settle()
      await clock.advance(1000 / ATTACKS_A_SECOND)
    }
    const answers = await lab.passUntil(Promise.all(honest))
    const answered = answers.filter(({ status }) => status === 200).length
    return lab.result([
      ['90 % of the lookups of another key are answered', answered >= 0.9 * SECONDS],
    ])
  },
  { API_KEYS },
)

/** An answer about one user says nothing about the others, even where everybody gets it. */
const everybodyDeclined = virtual('400 for everybody, for five minutes', async lab => {
  const { clock, ask, met } = lab
  const asked = users('user', 20)
  lab.fault('bad-request')
  for (let second = 0; second < 300; second++) {
    await ask(String(asked[second % asked.length]))
    await lab.settle()
    await clock.advance(1000)
  }
  return lab.result([
    // After 1, 2, 4, 8 and 16 s, each time at the next lookup, and once a minute from then on.
    ['each user costs no more than its back-off lets leave', met.length <= 10 * asked.length],
    ['every lookup fails with the reason', lab.tally.kinds['spotify-bad-response'] === 300],
  ])
})

/** Ids that fail while Spotify works. */
export const failing: Scenario[] = [
  ...FAULTS.flatMap(answer => [false, true].map(isWarm => failingIds(answer, isWarm))),
  hangingIds,
  everybodyDeclined,
]
