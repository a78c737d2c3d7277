import { readFileSync } from 'node:fs'
import t from 'tap'
import { failureOf } from '../support/failure-of.ts'
import { accountsFor } from './accounts-support.ts'
import { idsOf } from './source-support.ts'

t.test('in Development Mode a user can be read once the owner has agreed', async t => {
  const { start, sandbox } = await accountsFor(t)
  const { look, link, source, close } = await start()
  t.match(await failureOf(look('with-private')), { causeName: 'endpoint-forbidden' })
  t.match(await link('with-private'), { kind: 'linked' })
  const list = await look('with-private')
  const shown = sandbox.user('with-private')?.filter(entry => entry?.public === true)
  t.same(
    idsOf(list),
    shown?.map(entry => entry?.id),
  )
  t.match(
    source.leftOut,
    { false: 0, other: 0 },
    'without a scope Spotify sends no private playlist',
  )
  const grants = sandbox.requests.map(({ grantType }) => grantType)
  t.notOk(grants.includes('refresh_token'), 'the token of the consent is used')
  await close()
})

t.test('a restart renews the token, and unlinking leaves no trace', async t => {
  const { start, sandbox, clock, file, forgotten, written } = await accountsFor(t)
  const first = await start()
  await first.link('smedjan')
  await first.close()
  const second = await start()
  t.match(await second.look('smedjan'), { spotifyTotal: 120 })
  t.equal(sandbox.requests.filter(({ grantType }) => grantType === 'refresh_token').length, 1)
  const linkId = second.links.find('smedjan')?.linkId
  await second.links.remove('smedjan')
  t.same(forgotten, [{ userId: 'smedjan', linkId }])
  t.match(await failureOf(second.look('smedjan')), { causeName: 'endpoint-forbidden' })
  for (const minutes of [0, 5]) {
    clock.suspend(minutes * 60_000)
    t.match(await failureOf(second.look(`nobody${minutes}`)), { causeName: 'endpoint-forbidden' })
  }
  t.equal(readFileSync(file, 'utf8'), '{"version":1,"links":{}}\n')
  await second.close()

  const secrets = [
    ...sandbox.issuedTokens,
    ...sandbox.issuedRefreshTokens,
    ...sandbox.issuedCodes,
    sandbox.clientSecret,
  ]
  const log = written.join('')
  for (const secret of secrets) t.notOk(log.includes(secret), 'no secret in the log')
})

t.test('a relinked account is read with the new token', async t => {
  const { start, sandbox, clock } = await accountsFor(t)
  const { link, look, close } = await start()
  await link('fifty')
  await look('fifty')
  clock.suspend(1000)
  await link('fifty')
  sandbox.clear()
  await look('fifty')
  t.match(sandbox.requests, [
    { path: /me\/playlists/, headers: { authorization: `Bearer ${sandbox.issuedTokens.at(-1)}` } },
  ])
  await close()
})

t.test('a refresh token replaced by Spotify during shutdown is not lost', async t => {
  const { start, sandbox } = await accountsFor(t)
  const first = await start()
  await first.link('smedjan')
  await first.close()
  sandbox.switches.rotation = 'kill-old'
  const second = await start()
  sandbox.clear()
  const release = sandbox.hold('token')
  const looking = failureOf(second.look('smedjan'))
  await sandbox.arrived('token', 1)
  second.stop()
  const closing = second.close()
  release()
  await closing
  t.match(await looking, { type: 'shutting-down' })
  const third = await start()
  t.match(await third.look('smedjan'), { spotifyTotal: 120 })
  await third.close()
})

t.test('a slow renewal does not keep the service from stopping', async t => {
  const { start, sandbox } = await accountsFor(t)
  const first = await start()
  await first.link('smedjan')
  await first.close()
  const second = await start()
  sandbox.clear()
  sandbox.fault({ on: 'token', answer: 'hang' })
  const looking = failureOf(second.look('smedjan'))
  await sandbox.arrived('token', 1)
  second.stop()
  await second.close(AbortSignal.abort())
  t.match(await looking, { type: 'spotify-unavailable' })
  const third = await start()
  await third.close()
})
