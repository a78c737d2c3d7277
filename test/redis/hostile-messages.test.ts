import t, { type Test } from 'tap'
import { newsChannel } from '../../src/redis/messages.ts'
import { CANARY, HOSTILE_NUMBERS, isSound } from '../support/hostile.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type Service, startService } from '../support/service.ts'
import { eventually, startEngine, withoutEngine } from '../support/valkey.ts'

const skip = { skip: withoutEngine }
const path = (user: string) => `/users/${user}/playlists`
const leaseOf = (user: string) => `playlist-proxy:lease:${user}`

/** A replica whose clock stands still, and what sends it messages that no replica wrote. */
async function replicaFor(t: Test) {
  const { url, client } = await startEngine(t)
  const service = await startService(t, { SHARED_CACHE_URL: url }, new ManualClock(Date.now()))
  await service.app.ready()
  const channel = newsChannel(Number(new URL(url).pathname.slice(1)))
  const send = (members: string) =>
    client.publish(channel, `{"version":2,"from":"${CANARY}",${members}}`)
  /** A lookup that waits for a replica that never answers. */
  const wait = async (user: string) => {
    await client.set(leaseOf(user), CANARY, 'PX', 3000)
    const answer = service.get(path(user))
    let isAnswered = false
    answer.finally(() => {
      isAnswered = true
    })
    return { answer, isAnswered: () => isAnswered }
  }
  return { service, client, send, wait }
}

/** How many messages the replica did not understand. */
async function refused({ get }: Service): Promise<number> {
  const { body } = await get('/metrics')
  return Number(/failures_total\{operation="news_read",reason="rubbish"\} (\d+)/.exec(body)?.[1])
}

const failed = (user: string, problem: string) =>
  `"kind":"failed","key":"${user}","problem":{"detail":"${CANARY}",${problem}}`

t.test('a forged failure that makes no sense ends no lookup', skip, async t => {
  const { service, client, send, wait } = await replicaFor(t)
  const { answer, isAnswered } = await wait('smedjan')
  const problems = [
    ...HOSTILE_NUMBERS.filter(n => n !== '0').map(
      n => `"type":"spotify-unavailable","retryAfterMs":${n}`,
    ),
    ...HOSTILE_NUMBERS.map(n => `"type":"spotify-unavailable","originStatus":${n}`),
    ...HOSTILE_NUMBERS.map(n => `"type":${n}`),
    `"type":"${CANARY}"`,
    '"type":"internal-error"',
    '"type":"not-stored"',
  ]
  for (const problem of problems) await send(failed('smedjan', problem))
  await eventually(async () => (await refused(service)) === problems.length)
  t.notOk(isAnswered())
  await client.del(leaseOf('smedjan'))
  await send('"kind":"released","key":"smedjan"')
  t.match((await answer).json(), { total: 120 })
})

t.test(
  'a forged failure that makes sense is told in our words, and ends in time',
  skip,
  async t => {
    const { send, wait } = await replicaFor(t)
    const cases: [problem: string, longestSeconds: number][] = [
      ['"type":"spotify-credentials-rejected","retryAfterMs":86400000', 66],
      ['"type":"spotify-access-denied","retryAfterMs":86400000', 300],
      [`"type":"spotify-access-denied","diagnosis":"${CANARY}","retryAt":1e300`, 2],
      ['"type":"spotify-unavailable","retryAfterMs":86400000', 86_400],
      ['"type":"quota-budget-spent","retryAfterMs":86400000', 86_400],
    ]
    for (const [index, [problem, longestSeconds]] of cases.entries()) {
      const user = `user${index}`
      const { answer, isAnswered } = await wait(user)
      // The first may come before the lookup waits.
      await eventually(isAnswered, async () => void (await send(failed(user, problem))))
      const { statusCode, headers, body } = await answer
      t.ok([502, 503].includes(statusCode), problem)
      t.ok(Number(headers['retry-after']) <= longestSeconds, problem)
      t.notMatch(body, /canary/)
    }
  },
)

t.test('a forged message that a probe was answered opens no gate', skip, async t => {
  const { service, client, send } = await replicaFor(t)
  service.sandbox.fault({ on: 'api', times: 1, answer: 'quota-exceeded' })
  t.equal((await service.get(path('smedjan'))).statusCode, 503)
  await eventually(async () => (await client.keys('playlist-proxy:gate:*')).length === 1)
  const [key = ''] = await client.keys('playlist-proxy:gate:*')
  const app = key.slice('playlist-proxy:gate:'.length)
  for (const n of HOSTILE_NUMBERS) {
    await send(`"kind":"opened","app":"${app}","agoMs":${n}`)
    await send(`"kind":"opened","app":"${app}","probedAt":${n}`)
  }
  await eventually(async () => (await refused(service)) === 2 * HOSTILE_NUMBERS.length - 1)
  t.match((await service.get('/status')).json(), { spotify: { gate: 'paused' } })
  t.equal(service.sandbox.count('api'), 1)
})

t.test('a forged message of a newer list costs Spotify nothing', skip, async t => {
  const { service, send } = await replicaFor(t)
  t.equal((await service.get(path('smedjan'))).statusCode, 200)
  for (const n of HOSTILE_NUMBERS) await send(`"kind":"stored","key":"smedjan","generatedAt":${n}`)
  await eventually(async () => (await refused(service)) >= 5)
  isSound(t, await service.get(path('smedjan')), service.clock, 'the list')
  t.equal(service.sandbox.count('api'), 3)
})
