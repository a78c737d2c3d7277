import t from 'tap'
import { type AnswerName, status } from '../../sandbox/answers.ts'
import { seconds, startService } from '../support/service.ts'

const DENIALS: AnswerName[] = [
  'forbidden',
  'premium-required',
  'not-registered',
  'user-authentication-required',
  'expired-token',
]
const list = (user: string) => `/users/${user}/playlists`

t.test('a denial for one user affects only that user, for five minutes', async t => {
  for (const answer of DENIALS) {
    for (const isWarm of [false, true]) {
      await t.test(`${answer}, ${isWarm ? 'warm' : 'after a start'}`, async t => {
        const { get, sandbox, clock } = await startService(t)
        if (isWarm) await get(list('one'))
        await clock.advance(seconds(2))
        sandbox.fault({ on: 'api', userId: 'denied', answer })
        const denied = await get(list('denied'))
        t.equal(denied.statusCode, 502)
        t.equal(denied.headers['retry-after'], '300')
        t.match((await get('/status')).json().spotify, { gate: 'open', diagnosis: 'ok' })
        const spent = sandbox.count('api')
        for (let second = 1; second < 300; second += 20) {
          t.equal((await get(list('denied'))).statusCode, 502)
          t.equal((await get(list(`other${second}`))).statusCode, 200)
          await clock.advance(seconds(20))
        }
        t.equal(sandbox.count('api') - spent, 15, 'requests for the others only')
      })
    }
  }
})

t.test('an app denied by Spotify sends four requests, then pauses', async t => {
  for (const answer of DENIALS) {
    for (const [title, warm, pauseSeconds] of [
      ['from the start', false, 0],
      ['asked for every minute', false, 61],
      ['later', true, 0],
      ['a while later', true, 2],
    ] as const) {
      await t.test(`${answer}, ${title}`, async t => {
        const { get, sandbox, clock } = await startService(t)
        if (warm) await get(list('one'))
        await clock.advance(seconds(pauseSeconds))
        const before = sandbox.count('api')
        const repair = sandbox.fault({ on: 'api', answer })
        for (let user = 0; user < 4; user++) {
          t.equal((await get(list(`user${user}`))).statusCode, 502)
          await clock.advance(seconds(pauseSeconds))
        }
        t.ok(sandbox.count('api') - before <= 4, `${sandbox.count('api') - before} requests`)
        t.match((await get('/status')).json().spotify, { gate: 'paused', remedy: /./ })
        repair()
        await clock.advance(seconds(300))
        t.equal((await get(list('fifty'))).statusCode, 200)
      })
    }
  }
})

t.test('a probe is sent again with a new token after a 401', async t => {
  const { get, sandbox } = await startService(t)
  sandbox.fault({ on: 'api', userId: 'denied', answer: 'forbidden' })
  sandbox.fault({ on: 'api', userId: 'spotify', times: 1, answer: 'expired-token' })
  t.equal((await get(list('denied'))).statusCode, 502)
  t.equal(sandbox.count('token'), 2)
  t.equal((await get(list('one'))).statusCode, 200)
  t.same(
    sandbox.requests.filter(({ kind }) => kind === 'api').map(({ userId }) => userId),
    ['denied', 'spotify', 'spotify', 'one'],
  )
})

t.test('a probe requests one playlist, whatever SPOTIFY_MAX_PAGES allows', async t => {
  const { get, sandbox } = await startService(t, { SPOTIFY_MAX_PAGES: '1' })
  sandbox.setUser('spotify', Array(120).fill(null))
  sandbox.fault({ on: 'api', userId: 'denied', answer: 'forbidden' })
  await get(list('denied'))
  t.match(sandbox.requests.at(-1)?.path, /\/users\/spotify\/playlists\?limit=1&offset=0$/)
  t.match((await get('/status')).json().spotify, { gate: 'open' })
})

t.test('a probe without a token closes the gate for a second', async t => {
  const { get, sandbox, clock } = await startService(t)
  await get(list('works'))
  await clock.advance(seconds(1))
  sandbox.fault({ on: 'api', userId: 'denied', answer: 'forbidden' })
  sandbox.fault({ on: 'api', userId: 'works', answer: 'expired-token' })
  const repair = sandbox.fault({ on: 'token', answer: 'unavailable-text' })
  t.equal((await get(list('denied'))).statusCode, 502)
  t.equal(sandbox.count('token'), 2)
  t.match((await get('/status')).json().spotify, { gate: 'paused', diagnosis: 'unavailable' })
  repair()
  await clock.advance(seconds(1))
  t.equal((await get(list('one'))).statusCode, 200)
})

t.test('a 4xx for one user is cached for that user only', async t => {
  for (const code of [400, 405, 410, 414, 451]) {
    await t.test(`${code}`, async t => {
      const { get, sandbox, clock } = await startService(t)
      const isBad = (userId = '') => userId.startsWith('bad')
      const answer = status(code, '')
      sandbox.fault({ on: 'api', match: ({ userId }) => isBad(userId), answer })
      for (let user = 0; user < 10; user++) {
        t.equal((await get(list(`bad${user}`))).statusCode, 502)
        t.equal((await get(list(`bad${user}`))).statusCode, 502)
      }
      t.equal(sandbox.count('api'), 10)
      t.equal((await get(list('one'))).statusCode, 200)
      await clock.advance(seconds(1))
      await get(list('bad0'))
      await clock.advance(seconds(1))
      await get(list('bad0'))
      t.equal(sandbox.count('api'), 12, 'with a growing back-off')
    })
  }
})

t.test('the problem for a lookup at a closed gate says why the gate is closed', async t => {
  const { get, sandbox } = await startService(t)
  sandbox.fault({ on: 'api', answer: 'items-not-array' })
  for (const user of ['a', 'b', 'c']) {
    t.match((await get(list(user))).json(), { detail: /"items" is not an array/ })
  }
  const { headers, body } = await get(list('unrelated'))
  const problem = JSON.parse(body)
  t.match(problem, { type: '/problems/spotify-unavailable', status: 503 })
  t.equal(
    problem.detail,
    'Lookups are paused until 2026-11-23T00:00:01.000Z, because the responses of Spotify are unusable for several users. Wait as long as Retry-After says.',
  )
  t.equal(headers['retry-after'], '1')
  t.equal(sandbox.count('api'), 4)
})
