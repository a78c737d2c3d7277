import fc from 'fast-check'
import t from 'tap'
import { json } from '../../sandbox/answer.ts'
import { type Entries, playlist } from '../../sandbox/users.ts'
import { failureOf } from '../support/failure-of.ts'
import { idsOf, lookup, sourceFor } from './source-support.ts'
import { recordOf } from './support.ts'

const HOUR_MS = 3_600_000

t.test('a linked user is read page by page from /v1/me/playlists', async t => {
  const { sandbox, read, link, clock, unlinked } = await sourceFor(t)
  const list = await read()
  const shown = sandbox.user('smedjan')?.filter(entry => entry?.public === true)
  t.same(
    idsOf(list),
    shown?.map(entry => entry?.id),
  )
  t.match(list, { spotifyTotal: 120, complete: true })
  const paths = sandbox.requests.filter(({ kind }) => kind === 'api').map(({ path }) => path)
  const own = [0, 50, 100].map(offset => `/v1/me/playlists?limit=50&offset=${offset}`)
  t.same(paths.sort(), own.sort())
  t.equal(link.lastUsedAt, clock.now())
  sandbox.clear()
  t.equal((await read(list)).digest, list.digest)
  t.equal(sandbox.count('api'), 3)
  t.same(unlinked, [])
})

t.test('an unlinked user is read with the app token', async t => {
  const { look, unlinked, links, sandbox } = await sourceFor(t)
  sandbox.switches.mode = 'extended'
  t.match(await look('fifty'), { spotifyTotal: 50 })
  await links.remove('smedjan')
  const list = await look('smedjan')
  t.equal(idsOf(list).length, 120, 'with the playlists whose public is null')
  t.same(unlinked, ['fifty', 'smedjan'])
  t.notOk(sandbox.requests.some(({ path }) => path.startsWith('/v1/me')))
})

t.test('only an entry with public: true passes, whatever Spotify sends', async t => {
  const { sandbox, read, source } = await sourceFor(t)
  const count = () => Object.values(source.leftOut).reduce((sum, left) => sum + left)
  const odd = [true, false, null, undefined, 'true', 1, {}, []]
  const flags = fc.array(fc.oneof(fc.constantFrom(...odd), fc.constant('entry is null')), {
    maxLength: 130,
  })
  await fc.assert(
    fc.asyncProperty(flags, fc.boolean(), async (values, leaks) => {
      sandbox.switches.leaksPrivate = leaks
      const entries = values.map((value, index) =>
        value === 'entry is null' ? null : { ...playlist('smedjan', index), public: value },
      ) as Entries
      sandbox.setUser('smedjan', entries)
      const before = count()
      const list = await read()
      const shown = entries.filter(entry => entry?.public === true).map(entry => entry?.id)
      t.same(idsOf(list), shown)
      t.ok(list.complete)
      const sent = entries.filter(entry => leaks || entry?.public !== false)
      t.equal(count() - before, sent.filter(entry => entry !== null).length - shown.length)
    }),
    { numRuns: 60 },
  )
})

t.test('left-out entries are counted by their public value', async t => {
  const { sandbox, read, source } = await sourceFor(t)
  const flags = [false, null, 'yes', true]
  const entries = flags.map((value, at) => ({ ...playlist('smedjan', at), public: value }))
  sandbox.setUser('smedjan', [...entries, null] as Entries)
  sandbox.switches.leaksPrivate = true
  await read()
  t.same(source.leftOut, { false: 1, null: 1, other: 1 })
})

t.test('a page for another user ends the link, and no data from it is returned', async t => {
  const { sandbox, read, link, forgotten, kept } = await sourceFor(t)
  sandbox.renameUser('smedjan', 'blacksmith')
  const mismatch = { type: 'spotify-access-denied', causeName: 'other-user' }
  t.match(await failureOf(read()), mismatch)
  t.equal(link.state.name, 'mismatch')
  t.notMatch(await kept('smedjan'), { refreshToken: /./ })
  t.equal(forgotten.length, 1)
  sandbox.clear()
  t.match(await failureOf(read()), mismatch)
  t.equal(sandbox.requests.length, 0)
})

t.test(
  'a page with a differently spelt user or no user in the href does not end the link',
  async t => {
    const { sandbox, read, link } = await sourceFor(t, 'spotify_españa')
    const hrefs = [
      'https://api.spotify.com/v1/users/Spotify_Espan%CC%83a/playlists?offset=0',
      'https://api.spotify.com/v1/users/SPOTIFY_ESPA%C3%91A/playlists',
      'https://api.spotify.com/v1/users/spotify_españa/playlists#x',
      'https://api.spotify.com/v1/users/%zz/playlists',
      'https://api.spotify.com/v1/users/other',
      'https://api.spotify.com/v1/me/playlists?x=/users/other/playlists',
      '',
      null,
      7,
    ]
    for (const href of hrefs) {
      sandbox.fault({
        on: 'api',
        times: 1,
        answer: context => json(200, { ...context.page(), href })(context),
      })
      await read()
      t.equal(link.state.name, 'active', String(href))
    }
    sandbox.fault({
      on: 'api',
      times: 1,
      answer: context =>
        json(200, { ...context.page(), href: 'http://x/v1/users/other/playlists?a' })(context),
    })
    await t.rejects(read())
    t.equal(link.state.name, 'mismatch')
  },
)

t.test('a denial pauses the link for an hour and says what to do', async t => {
  const { sandbox, read, clock, link } = await sourceFor(t)
  const list = await read()
  sandbox.switches.unregistered = ['smedjan']
  const problem = {
    type: 'spotify-access-denied',
    causeName: 'not-registered',
    message: /Add the owner of the account to the users of the app/,
  }
  t.match(await failureOf(read(list)), { ...problem, retryAt: clock.now() + HOUR_MS })
  sandbox.clear()
  clock.suspend(HOUR_MS - 1)
  t.match(await failureOf(read(list)), problem)
  t.equal(sandbox.requests.length, 0)
  clock.suspend(1)
  t.match(await failureOf(read(list)), { ...problem, retryAt: clock.now() + 2 * HOUR_MS })
  sandbox.switches.unregistered = []
  clock.suspend(2 * HOUR_MS)
  t.equal((await read(list)).digest, list.digest)
  t.equal(link.state.name, 'active')
})

t.test('the problem for a denied link includes the denial reason', async t => {
  const { sandbox, read, clock } = await sourceFor(t)
  const cases = [
    ['forbidden', 'endpoint-forbidden'],
    ['insufficient-scope', 'insufficient-scope'],
    ['not-registered', 'not-registered'],
    ['user-authentication-required', 'access-denied'],
    ['expired-token', 'access-denied'],
  ] as const
  for (const [answer, causeName] of cases) {
    const remove = sandbox.fault({ on: 'api', answer })
    t.match(await failureOf(read()), { type: 'spotify-access-denied', causeName }, answer)
    remove()
    clock.suspend(25 * HOUR_MS)
  }
})

t.test('a 401 cured by a new token does not count as a refusal', async t => {
  const { sandbox, read, link } = await sourceFor(t)
  await read()
  sandbox.revokeTokens()
  await read()
  t.equal(link.state.name, 'active')
})

t.test('an app-wide problem does not change the state of a link', async t => {
  const { sandbox, read, link, clock } = await sourceFor(t)
  const cases = [
    ['premium-required', 'spotify-access-denied'],
    ['rate-limited', 'spotify-rate-limited'],
    ['quota-exceeded', 'spotify-quota-exceeded'],
  ] as const
  for (const [answer, type] of cases) {
    sandbox.fault({ on: 'api', answer, times: 1 })
    t.match(await failureOf(read()), { type }, answer)
    t.equal(link.state.name, 'active')
    clock.suspend(25 * HOUR_MS)
  }
})

t.test('a lookup returns no list if the link is already gone', async t => {
  const { source, sandbox } = await sourceFor(t)
  for (const key of ['gone/smedjan', 'gone/fifty', '/smedjan']) {
    t.match(await failureOf(source.playlists(key, undefined, lookup)), {
      type: 'spotify-unavailable',
      message: /changed during the lookup/,
    })
  }
  t.equal(sandbox.requests.length, 0)
})

for (const change of ['removed', 'replaced'] as const) {
  t.test(`a lookup returns no list if the link is ${change} meanwhile`, async t => {
    const { sandbox, read, links } = await sourceFor(t)
    const release = sandbox.hold('api')
    const reading = failureOf(read())
    await sandbox.arrived('api', 1)
    if (change === 'removed') await links.remove('smedjan')
    else await links.add(recordOf('smedjan', { linkId: 'new' }))
    release()
    t.match(await reading, { type: 'spotify-unavailable', message: /changed during the lookup/ })
  })
}

t.test('a lookup fails if another lookup ends the link meanwhile', async t => {
  const { sandbox, read, links, link } = await sourceFor(t)
  const release = sandbox.hold('api')
  const reading = failureOf(read())
  await sandbox.arrived('api', 1)
  await links.report(link, { kind: 'other-user' })
  release()
  t.match(await reading, { causeName: 'other-user' })
})
