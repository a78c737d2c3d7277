import t from 'tap'
import { type Answer, status } from '../../sandbox/answers.ts'
import { seconds, startService } from '../support/service.ts'

const unavailable = (retryAfter: string): Answer => status(503, '', { 'retry-after': retryAfter })

t.test('the service sends no request for a user before the Retry-After from a 503', async t => {
  for (const form of ['seconds', 'date']) {
    await t.test(form, async t => {
      const { get, sandbox, clock } = await startService(t)
      const date = new Date(clock.now() + seconds(60)).toUTCString()
      sandbox.fault({ on: 'api', answer: unavailable(form === 'date' ? date : '60') })
      for (let left = 60; left > 0; left -= 5) {
        const { headers, body } = await get('/users/smedjan/playlists')
        t.match(JSON.parse(body), { type: '/problems/spotify-unavailable' })
        t.equal(headers['retry-after'], String(left))
        t.equal(sandbox.count('api'), 1)
        await clock.advance(seconds(5))
      }
      sandbox.clearFaults()
      t.equal((await get('/users/smedjan/playlists')).statusCode, 200)
    })
  }
})

t.test('a caller obeying Retry-After costs one request each time', async t => {
  const { get, sandbox, clock } = await startService(t)
  sandbox.fault({ on: 'api', answer: unavailable('60') })
  for (let asked = 1; asked <= 10; asked++) {
    const { headers } = await get('/users/smedjan/playlists')
    t.equal(sandbox.count('api'), asked)
    await clock.advance(seconds(Number(headers['retry-after'])))
  }
})

t.test('a page with a 503 but no Retry-After is retried at once', async t => {
  const { get, sandbox, clock } = await startService(t)
  sandbox.fault({ on: 'api', times: 1, answer: unavailable('0') })
  const response = await clock.runUntil(get('/users/one/playlists'))
  t.equal(response.statusCode, 200)
  t.equal(sandbox.count('api'), 2)
})

t.test('background revalidations and no-cache requests obey Retry-After', async t => {
  const { get, sandbox, clock, quiet } = await startService(t)
  await get('/users/one/playlists')
  sandbox.fault({ on: 'api', answer: unavailable('600') })
  await clock.advance(seconds(301))
  sandbox.clear()
  for (let minute = 0; minute < 10; minute++) {
    t.equal((await get('/users/one/playlists')).statusCode, 200)
    t.equal((await get('/users/one/playlists', { 'cache-control': 'no-cache' })).statusCode, 200)
    await quiet()
    t.equal(sandbox.count('api'), 1)
    await clock.advance(seconds(60))
  }
})

t.test('after a Retry-After, no other page from the list is requested', async t => {
  const { get, sandbox } = await startService(t)
  sandbox.fault({ on: 'api', offset: 50, answer: unavailable('5') })
  const { headers } = await get('/users/collector/playlists')
  t.equal(headers['retry-after'], '5')
  t.ok(sandbox.count('api') < 20, `${sandbox.count('api')} of 40 pages`)
})

t.test('callers without a token get the time of the next token request', async t => {
  const { app, get, sandbox, clock } = await startService(t)
  sandbox.fault({ on: 'token', answer: unavailable('60') })
  await app.ready()
  for (let left = 60; left > 0; left -= 5) {
    for (const path of ['/users/one/playlists', '/users/two/playlists', '/health/ready']) {
      const { statusCode, headers } = await get(path)
      t.match(
        { statusCode, retryAfter: headers['retry-after'] },
        { statusCode: 503, retryAfter: `${left}` },
      )
    }
    await clock.advance(seconds(5))
    t.equal(sandbox.count('token'), left > 5 ? 1 : 2)
  }
})

t.test('a page with a 408 is retried', async t => {
  const { get, sandbox, clock } = await startService(t)
  sandbox.fault({ on: 'api', times: 2, answer: status(408, '', { connection: 'close' }) })
  const response = await clock.runUntil(get('/users/one/playlists'))
  t.equal(response.statusCode, 200)
  t.equal(sandbox.count('api'), 3)
})
