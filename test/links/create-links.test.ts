import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { createLinks } from '../../src/links/create-links.ts'
import type { LinkName } from '../../src/links/link.ts'
import { cacheKeyOf } from '../../src/links/link-key.ts'
import type { LeftOut } from '../../src/links/linked-source.ts'
import { createSpotify } from '../../src/spotify/create-spotify.ts'
import { DailyBudget } from '../../src/spotify/gate/request-quota.ts'
import { configFor } from '../support/config.ts'
import { failureOf } from '../support/failure-of.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { REDIRECT_URI } from './oauth-support.ts'
import { idsOf, lookup } from './source-support.ts'

let folders = 0

/** Linked accounts as in the service, with a sandbox in Development Mode. */
async function accountsFor(t: Test) {
  const folder = `/tmp/accounts-${process.pid}-${++folders}`
  mkdirSync(folder)
  const clock = new ManualClock()
  const sandbox = await startSandbox({
    now: () => clock.now(),
    switches: { mode: 'development', redirectUris: [REDIRECT_URI], consent: 'approve' },
  })
  const { logger: log, written } = recordingLogger()
  const config = await configFor(sandbox)
  const budget = new DailyBudget(undefined, clock)
  const stopping = new AbortController()
  const forgotten: LinkName[] = []
  const left: LeftOut[] = []
  const file = join(folder, 'links.json')
  const start = async () => {
    const spotify = createSpotify({
      config,
      budget,
      peers: undefined,
      clock,
      random: () => 0,
      log,
      observe: () => {},
    })
    const accounts = await createLinks({
      config,
      settings: {
        file,
        authorizeUrl: new URL(sandbox.authorizeUrl),
        redirectUri: REDIRECT_URI,
        previousClientSecret: undefined,
      },
      spotify,
      budget,
      clock,
      random: () => 0,
      log,
      forget: async ({ userId, linkId }) => {
        forgotten.push({ userId, linkId })
      },
      onLeftOut: isPublic => left.push(isPublic),
      signal: stopping.signal,
    })
    const look = (user: string) =>
      accounts.source.playlists(cacheKeyOf(accounts.links, user), undefined, lookup)
    const link = async (user: string) => {
      sandbox.switches.signedIn = user
      const { ticket } = await accounts.consents.invite(user)
      const url = String(await accounts.consents.begin(ticket))
      const { headers } = await fetch(url, { redirect: 'manual' })
      return accounts.consents.complete(new URL(String(headers.get('location'))).searchParams)
    }
    const close = async () => {
      await accounts.close()
      await spotify.close()
    }
    return { ...accounts, look, link, close }
  }
  t.teardown(async () => {
    await sandbox.close()
    rmSync(folder, { recursive: true })
  })
  return { clock, sandbox, start, file, written, forgotten, left }
}

t.test('in Development Mode a user can be read once the owner has agreed', async t => {
  const { start, sandbox, left } = await accountsFor(t)
  const { look, link, close } = await start()
  t.match(await failureOf(look('with-private')), { causeName: 'endpoint-forbidden' })
  t.match(await link('with-private'), { kind: 'linked' })
  const list = await look('with-private')
  const shown = sandbox.user('with-private')?.filter(entry => entry?.public === true)
  t.same(
    idsOf(list),
    shown?.map(entry => entry?.id),
  )
  t.ok(left.every(isPublic => isPublic === 'null'))
  const grants = sandbox.requests.map(({ grantType }) => grantType)
  t.notOk(grants.includes('refresh_token'), 'the token of the consent is used')
  await close()
})

t.test('after a restart the token is renewed, and after an end nothing is left', async t => {
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

t.test('a link that is made again reads with its new token', async t => {
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
