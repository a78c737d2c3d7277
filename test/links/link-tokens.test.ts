import t, { type Test } from 'tap'
import { isTooWide, LinkTokens } from '../../src/links/link-tokens.ts'
import { failureOf } from '../support/failure-of.ts'
import { oauthFor } from './oauth-support.ts'
import { linksFor, recordOf } from './support.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/** A promise resolved by the test. */
function deferred() {
  let resolve = () => {}
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve: () => resolve() }
}

/** The tokens for a link in a sandbox, after the owner's consent. */
async function tokensFor(t: Test) {
  const parts = linksFor()
  const { links, clock, log } = parts
  const { oauth, sandbox, grantOf } = await oauthFor(t, clock)
  const grant = await grantOf('smedjan')
  const link = await links.add(recordOf('smedjan', { refreshToken: grant.refreshToken }))
  const tokens = new LinkTokens(link, { links, oauth, clock, random: () => 0, log })
  sandbox.clear()
  const refreshes = () =>
    sandbox.requests.filter(({ grantType }) => grantType === 'refresh_token').length
  return { ...parts, sandbox, oauth, grant, link, tokens, refreshes }
}

t.test('the access token from the consent is used until a minute before expiry', async t => {
  const { tokens, grant, clock, refreshes, messages } = await tokensFor(t)
  tokens.accept(grant)
  t.equal(await tokens.token(), grant.accessToken)
  clock.suspend(HOUR_MS - MINUTE_MS - 1)
  t.equal(await tokens.token(), grant.accessToken)
  clock.suspend(1)
  let requests = 0
  const renewed = await tokens.token(() => requests++)
  t.not(renewed, grant.accessToken)
  t.equal(await tokens.token(), renewed)
  t.same([refreshes(), requests], [1, 1])
  t.same(messages().slice(1), ['info: renewed the token of a linked account'])
})

t.test('200 callers share one refresh of an expired token', async t => {
  const { tokens, sandbox, refreshes } = await tokensFor(t)
  const all = await Promise.all(Array.from({ length: 200 }, () => tokens.token()))
  t.equal(new Set(all).size, 1)
  t.equal(all[0], sandbox.issuedTokens.at(-1))
  t.equal(refreshes(), 1)
})

t.test('a short-lived token is used for half its lifetime', async t => {
  const { tokens, sandbox, clock, refreshes } = await tokensFor(t)
  sandbox.tokenLifetimeSeconds = 30
  await tokens.token()
  clock.suspend(15_000 - 1)
  await tokens.token()
  t.equal(refreshes(), 1)
  clock.suspend(1)
  await tokens.token()
  t.equal(refreshes(), 2)
})

for (const rotation of ['off', 'on', 'kill-old'] as const) {
  t.test(
    `with rotation ${rotation}, the file has the latest refresh token after each renewal`,
    async t => {
      const { tokens, sandbox, clock, link, kept } = await tokensFor(t)
      sandbox.switches.rotation = rotation
      for (let hour = 0; hour < 5; hour++) {
        await tokens.token()
        t.match(await kept('smedjan'), { refreshToken: sandbox.issuedRefreshTokens.at(-1) })
        clock.suspend(HOUR_MS)
      }
      t.equal(sandbox.issuedRefreshTokens.length, rotation === 'off' ? 1 : 6)
      t.equal(link.state.name, 'active')
    },
  )
}

t.test('a new refresh token is in the file before its access token is used', async t => {
  const { tokens, sandbox, file, kept } = await tokensFor(t)
  sandbox.switches.rotation = 'kill-old'
  const write = file.write.bind(file)
  const writing = deferred()
  const disk = deferred()
  let writes = 0
  file.write = async records => {
    if (++writes === 2) {
      writing.resolve()
      await disk.promise
    }
    await write(records)
  }
  let isUsed = false
  const renewing = tokens.token().then(() => {
    isUsed = true
  })
  await writing.promise
  await new Promise(resolve => setImmediate(resolve))
  t.notOk(isUsed)
  disk.resolve()
  await renewing
  t.equal(writes, 2, 'the first write, before the refresh, shows that the file can be written')
  t.match(await kept('smedjan'), { refreshToken: sandbox.issuedRefreshTokens[1] })
})

t.test('while the file is unwritable, no token is renewed', async t => {
  const { tokens, file, clock, sandbox, refreshes, link } = await tokensFor(t)
  sandbox.switches.rotation = 'kill-old'
  file.failure = new Error('EROFS')
  t.match(await failureOf(tokens.token()), {
    type: 'internal-error',
    message: /LINKS_FILE/,
    retryAt: clock.now() + 500,
  })
  t.equal(refreshes(), 0)
  t.equal(link.state.name, 'active')
  file.failure = undefined
  await t.rejects(tokens.token(), 'during the back-off')
  clock.suspend(500)
  await tokens.token()
  t.equal(refreshes(), 1)
})

t.test('a refresh token that could not be written is used, and written later', async t => {
  const { tokens, file, clock, sandbox, kept, link } = await tokensFor(t)
  sandbox.switches.rotation = 'kill-old'
  const write = file.write.bind(file)
  let writes = 0
  file.write = async records => {
    if (++writes === 2) throw new Error('ENOSPC')
    await write(records)
  }
  t.match(await failureOf(tokens.token()), { type: 'internal-error' })
  t.match(await kept('smedjan'), { refreshToken: sandbox.issuedRefreshTokens[0] })
  clock.suspend(500)
  t.match(await tokens.token(), /^BQ/)
  t.match(await kept('smedjan'), { refreshToken: sandbox.issuedRefreshTokens[2] })
  t.equal(link.state.name, 'active')
})

t.test('failed renewals back off, or wait as long as Spotify asks', async t => {
  const { tokens, clock, sandbox, refreshes, link, lines } = await tokensFor(t)
  const remove = sandbox.fault({ on: 'token', answer: 'server-error' })
  const delays: number[] = []
  for (let failures = 0; failures < 4; failures++) {
    const problem = (await failureOf(tokens.token())) as { type: string; retryAt: number }
    t.equal(problem.type, 'spotify-unavailable')
    delays.push(problem.retryAt - clock.now())
    clock.suspend(problem.retryAt - clock.now() - 1)
    t.equal(await failureOf(tokens.token()), problem, 'the same problem, without a request')
    clock.suspend(1)
  }
  t.same(delays, [500, 1000, 2000, 4000])
  t.equal(refreshes(), 4)
  remove()
  sandbox.fault({ on: 'token', answer: 'rate-limited', times: 1 })
  t.match(await failureOf(tokens.token()), { retryAt: clock.now() + 8000 })
  clock.suspend(8000)
  await tokens.token()
  t.equal(link.state.name, 'active')
  const warnings = lines().filter(({ level }) => level === 'warn')
  t.match(warnings, [{ msg: 'cannot renew the token of a linked account', user_id: 'smedjan' }])
  t.equal(warnings.length, 1)
  sandbox.fault({ on: 'token', answer: 'rate-limited', times: 1 })
  clock.suspend(HOUR_MS)
  t.match(
    await failureOf(tokens.token()),
    { retryAt: clock.now() + 3000 },
    'longer than our own back-off',
  )
})

t.test('a single invalid_grant pauses the link for ten minutes', async t => {
  const { tokens, clock, sandbox, refreshes, link } = await tokensFor(t)
  sandbox.fault({ on: 'token', answer: 'invalid-grant', times: 1 })
  const problem = { type: 'spotify-unavailable', causeName: 'consent-doubtful' }
  t.match(await failureOf(tokens.token()), { ...problem, retryAt: clock.now() + 10 * MINUTE_MS })
  clock.suspend(10 * MINUTE_MS - 1)
  t.match(await failureOf(tokens.token()), problem)
  t.equal(refreshes(), 1)
  clock.suspend(1)
  t.match(await tokens.token(), /^BQ/)
  t.same(link.state, { name: 'active' })
})

t.test('a second invalid_grant ends the link and deletes the token', async t => {
  const { tokens, clock, sandbox, refreshes, link, kept, file } = await tokensFor(t)
  sandbox.revokeGrants('smedjan')
  await t.rejects(tokens.token())
  clock.suspend(10 * MINUTE_MS)
  const ended = { type: 'spotify-access-denied', causeName: 'consent-revoked' }
  t.match(await failureOf(tokens.token()), ended)
  t.match(await failureOf(tokens.token()), ended)
  t.equal(refreshes(), 2)
  t.equal(link.state.name, 'ended')
  t.notMatch(await kept('smedjan'), { refreshToken: /./ })
  t.equal(file.records.size, 1)
})

t.test('a renewed token with access to private playlists is not used', async t => {
  const { tokens, clock, sandbox, link, kept } = await tokensFor(t)
  Object.assign(sandbox.switches, { extraScope: 'playlist-read-private', rotation: 'kill-old' })
  t.match(await failureOf(tokens.token()), {
    type: 'spotify-access-denied',
    causeName: 'scope-too-wide',
    retryAt: clock.now() + HOUR_MS,
  })
  t.equal(link.state.name, 'refused')
  t.match(await kept('smedjan'), { refreshToken: sandbox.issuedRefreshTokens[1] })
  sandbox.switches.extraScope = ''
  clock.suspend(HOUR_MS)
  t.match(await tokens.token(), /^BQ/)
})

t.test('only scopes that allow reading private playlists are too wide', async t => {
  t.notOk(isTooWide(''))
  t.notOk(isTooWide('user-read-email user-read-private'))
  t.ok(isTooWide('playlist-read-private'))
  t.ok(isTooWide('user-read-email playlist-read-collaborative'))
})

t.test('a rejected token is replaced, but not twice in a minute', async t => {
  const { tokens, clock, refreshes } = await tokensFor(t)
  const first = await tokens.token()
  const [second, same] = await Promise.all([tokens.replace(first), tokens.replace(first)])
  t.not(second, first)
  t.equal(same, second)
  t.equal(await tokens.replace(first), second, 'a late 401 of the first token')
  t.equal(await tokens.replace(second), second, 'the second 401 is not about the token')
  t.equal(refreshes(), 2)
  clock.suspend(MINUTE_MS)
  t.not(await tokens.replace(second), second)
})

t.test('a removed or ended link is not renewed', async t => {
  const { tokens, links, link, file, refreshes } = await tokensFor(t)
  await links.report(link, { kind: 'other-user' })
  t.match(await failureOf(tokens.token()), { causeName: 'other-user' })
  t.equal(refreshes(), 0)
  await links.remove('smedjan')
  await t.rejects(tokens.token())
  t.equal(file.records.size, 0)
})

t.test('a renewal does not restore a link removed meanwhile', async t => {
  const { tokens, links, link, sandbox, file, messages, refreshes } = await tokensFor(t)
  sandbox.switches.rotation = 'kill-old'
  const release = sandbox.hold('token')
  const renewing = failureOf(tokens.token())
  await sandbox.arrived('token', 1)
  await links.remove('smedjan')
  release()
  t.match(await renewing, { type: 'spotify-unavailable', message: /changed during the lookup/ })
  t.equal(file.records.size, 0)
  t.equal(links.find('smedjan'), undefined)
  t.notMatch(link.record, { refreshToken: sandbox.issuedRefreshTokens[1] })
  t.same(messages(), ['info: linked an account', 'info: unlinked an account'])
  t.match(await failureOf(tokens.token()), { message: /changed during the lookup/ })
  t.equal(refreshes(), 1, 'nothing more is sent')
})

t.test('no request is sent for a link removed before the renewal', async t => {
  const { tokens, links, file, messages, refreshes } = await tokensFor(t)
  const disk = deferred()
  file.held = disk.promise
  const renewing = failureOf(tokens.token())
  const removing = links.remove('smedjan')
  disk.resolve()
  t.match(await renewing, { message: /changed during the lookup/ })
  await removing
  t.equal(refreshes(), 0)
  t.same(messages(), ['info: linked an account', 'info: unlinked an account'])
})

t.test('a renewal refused by Spotify after the link was removed reports the removal', async t => {
  const { tokens, links, sandbox } = await tokensFor(t)
  sandbox.revokeGrants('smedjan')
  const release = sandbox.hold('token')
  const renewing = failureOf(tokens.token())
  await sandbox.arrived('token', 1)
  await links.remove('smedjan')
  release()
  t.match(await renewing, { type: 'spotify-unavailable', message: /changed during the lookup/ })
})

for (const rotation of ['off', 'on', 'kill-old'] as const) {
  t.test(
    `with rotation ${rotation}, killing the process at any step of a refresh loses no link`,
    async t => {
      const { tokens, sandbox, file, restarted, oauth, clock, log } = await tokensFor(t)
      sandbox.switches.rotation = rotation
      // The disk contents if the process is killed before the response, before the write, and afterwards.
      const disks = [file.records]
      const write = file.write.bind(file)
      file.write = async records => {
        disks.push(file.records)
        await write(records)
      }
      await tokens.token()
      disks.push(file.records)
      file.write = write
      sandbox.switches.rotation = 'off'
      const states: unknown[] = []
      for (const records of disks) {
        file.records = records
        const links = await restarted()
        const link = links.find('smedjan')
        if (link === undefined) throw new Error('the link is lost')
        const again = new LinkTokens(link, { links, oauth, clock, random: () => 0, log })
        await again.token().catch(() => {})
        states.push(link.state.name)
        await links.close()
      }
      const withOldToken = rotation === 'kill-old' ? 'doubtful' : 'active'
      const expected = [withOldToken, withOldToken, 'active']
      t.same(states, rotation === 'off' ? expected : [withOldToken, ...expected])
    },
  )
}
