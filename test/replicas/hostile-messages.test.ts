import t, { type Test } from 'tap'
import { messageChannel } from '../../src/replicas/messages.ts'
import { CANARY, HOSTILE_NUMBERS, isSound } from '../support/hostile.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type Service, startService } from '../support/service.ts'
import { eventually, startRedis, withoutRedis } from '../support/valkey.ts'

const skip = { skip: withoutRedis }
const path = (user: string) => `/users/${user}/playlists`
const leaseOf = (user: string) => `playlist-proxy:lease:${user}`

/** A replica with a stopped clock, and functions to send it forged messages. */
async function replicaFor(t: Test) {
  const { url, client } = await startRedis(t)
  const service = await startService(t, { SHARED_CACHE_URL: url }, new ManualClock(Date.now()))
  await service.app.ready()
  const channel = messageChannel(Number(new URL(url).pathname.slice(1)))
  const send = (members: string) =>
    client.publish(channel, `{"version":2,"from":"${CANARY}",${members}}`)
  /** A lookup waiting for a dead replica's lease. */
  const wait = async (user: string) => {
    await client.set(leaseOf(user), CANARY, 'PX', 3000)
    const response = service.get(path(user))
    let hasEnded = false
    response.finally(() => {
      hasEnded = true
    })
    return { response, hasEnded: () => hasEnded }
  }
  return { service, client, send, wait }
}

/** Returns the replica's malformed message count. */
async function malformed({ get }: Service): Promise<number> {
  const { body } = await get('/metrics')
  return Number(/failures_total\{operation="news_read",reason="rubbish"\} (\d+)/.exec(body)?.[1])
}

const failed = (user: string, problem: string) =>
  `"kind":"failed","key":"${user}","problem":{"detail":"${CANARY}",${problem}}`

t.test('a malformed failure message does not end a lookup', skip, async t => {
  const { service, client, send, wait } = await replicaFor(t)
  const { response, hasEnded } = await wait('smedjan')
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
  await eventually(async () => (await malformed(service)) === problems.length)
  t.notOk(hasEnded())
  await client.del(leaseOf('smedjan'))
  await send('"kind":"released","key":"smedjan"')
  t.match((await response).json(), { total: 120 })
})

t.test("a forged failure has this replica's texts and a limited duration", skip, async t => {
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
    const { response, hasEnded } = await wait(user)
    // The first message can arrive before the lookup waits.
    await eventually(hasEnded, async () => void (await send(failed(user, problem))))
    const { statusCode, headers, body } = await response
    t.ok([502, 503].includes(statusCode), problem)
    t.ok(Number(headers['retry-after']) <= longestSeconds, problem)
    t.notMatch(body, /canary/)
  }
})

t.test('a forged probe result does not open a gate', skip, async t => {
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
  await eventually(async () => (await malformed(service)) === 2 * HOSTILE_NUMBERS.length - 1)
  t.match((await service.get('/status')).json(), { spotify: { gate: 'paused' } })
  t.equal(service.sandbox.count('api'), 1)
})

t.test('a forged message about a newer list does not cause a Spotify request', skip, async t => {
  const { service, send } = await replicaFor(t)
  t.equal((await service.get(path('smedjan'))).statusCode, 200)
  for (const n of HOSTILE_NUMBERS) await send(`"kind":"stored","key":"smedjan","generatedAt":${n}`)
  await eventually(async () => (await malformed(service)) >= 5)
  isSound(t, await service.get(path('smedjan')), service.clock, 'the list')
  t.equal(service.sandbox.count('api'), 3)
})
