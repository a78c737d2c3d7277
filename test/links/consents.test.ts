import fc from 'fast-check'
import t, { type Test } from 'tap'
import { json } from '../../sandbox/answer.ts'
import { Consents } from '../../src/links/consents.ts'
import type { LinksOptions } from '../../src/links/links.ts'
import { readProfile } from '../../src/links/read-profile.ts'
import { Tickets } from '../../src/links/tickets.ts'
import type { Grant } from '../../src/links/token-request.ts'
import { createTransport } from '../../src/spotify/transport.ts'
import { failureOf } from '../support/failure-of.ts'
import { gateFor } from '../support/gate.ts'
import { until } from '../support/until.ts'
import { oauthFor, REDIRECT_URI } from './oauth-support.ts'
import { linksFor, recordOf } from './support.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** Consents in a sandbox in Development Mode. */
async function consentsFor(
  t: Test,
  { dailyBudget = 1000, ...overrides }: Partial<LinksOptions> & { dailyBudget?: number } = {},
) {
  const parts = linksFor(overrides)
  const { links, clock, sealer } = parts
  const { gate, budget } = gateFor({ clock, dailyBudget })
  const { oauth, sandbox } = await oauthFor(t, clock)
  sandbox.switches.mode = 'development'
  const tickets = new Tickets(sealer, clock)
  const transport = createTransport(new URL(sandbox.apiUrl).origin, 1, {
    clock,
    timeoutMs: 5000,
    maxBytes: 65_536,
  })
  t.teardown(() => transport.close())
  const accepted: Grant[] = []
  const consents = new Consents({
    links,
    oauth,
    tickets,
    clock,
    profile: token =>
      readProfile(token, {
        transport,
        basePath: '/v1',
        gate,
        budget,
        clock,
        observe: () => {},
        userAgent: 'test',
        timeoutMs: 5000,
        signal: new AbortController().signal,
      }),
    accept: (_link, grant) => accepted.push(grant),
    callbackPath: '/link/callback',
  })
  /** The address where the user's browser ends up after consenting at Spotify. */
  const agree = async (ticket: string, user: string): Promise<URL> => {
    sandbox.switches.signedIn = user
    const { headers } = await fetch(String(await consents.begin(ticket)), { redirect: 'manual' })
    return new URL(String(headers.get('location')))
  }
  const linkAs = async (user: string, invited = user) => {
    const { ticket } = await consents.invite(invited)
    return consents.complete((await agree(ticket, user)).searchParams)
  }
  return { ...parts, sandbox, gate, budget, consents, tickets, accepted, agree, linkAs }
}

t.test('an invited owner agrees, and the account is linked', async t => {
  const { consents, agree, links, sandbox, kept, clock, accepted, budget } = await consentsFor(t)
  const { ticket, expiresAt } = await consents.invite('smedjan')
  t.equal(expiresAt, clock.now() + DAY_MS)
  t.same(await consents.view(ticket), { userId: 'smedjan', link: undefined, canLink: true })
  const url = await agree(ticket, 'smedjan')
  const result = await consents.complete(url.searchParams)
  t.match(result, { kind: 'linked', userId: 'smedjan' })
  t.match(await kept('smedjan'), {
    userId: 'smedjan',
    linkId: /^[0-9a-f-]{36}$/,
    accountId: /^[0-9a-f]{32}$/,
    refreshToken: sandbox.issuedRefreshTokens[0],
    consentAt: clock.now(),
  })
  t.match(accepted, [{ accessToken: sandbox.issuedTokens[0] }])
  const page = await consents.view(result.kind === 'linked' ? result.ticket : '')
  t.same(page, { userId: 'smedjan', link: links.find('smedjan'), canLink: true })
  t.match(await consents.view(ticket), { canLink: false }, 'the invitation is used')
  t.equal(await consents.begin(ticket), undefined)
  t.equal(budget.spent, 1, 'GET /me counts')
  const sent = sandbox.requests.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`)
  t.same(sent, ['GET /authorize', 'POST /api/token', 'GET /v1/me'])
  t.notOk(sandbox.requests.some(({ path }) => path.includes('scope')))
})

t.test('consent from another account, or with too wide a scope, links no account', async t => {
  const { linkAs, links, sandbox, file, accepted } = await consentsFor(t)
  t.same(await linkAs('fifty', 'smedjan'), { kind: 'wrong-account', userId: 'smedjan' })
  sandbox.switches.extraScope = 'playlist-read-private'
  t.same(await linkAs('smedjan'), { kind: 'wrong-account', userId: 'smedjan' })
  sandbox.switches.extraScope = 'user-read-email'
  t.match(await linkAs('smedjan'), { kind: 'linked' }, 'the extra scope concerns no playlists')
  t.same(
    links.list().map(({ userId }) => userId),
    ['smedjan'],
  )
  t.equal(file.records.size, 1)
  t.equal(accepted.length, 1)
})

t.test(
  'consent is valid even if Spotify spells the user id differently or sends no account id',
  async t => {
    const { linkAs, sandbox, kept } = await consentsFor(t)
    sandbox.fault({ on: 'api', answer: json(200, { id: 'Smedjan' }) })
    t.match(await linkAs('smedjan'), { kind: 'linked' })
    t.notOk('accountId' in ((await kept('smedjan')) as object))
    sandbox.fault({ on: 'api', answer: json(200, { id: 'Spotify_Espan\u0303a' }) })
    t.match(await linkAs('spotify_españa'), { kind: 'linked', userId: 'spotify_españa' })
  },
)

t.test('if the owner declines, no account is linked', async t => {
  const { consents, agree, sandbox, links } = await consentsFor(t)
  sandbox.switches.consent = 'deny'
  const { ticket } = await consents.invite('smedjan')
  const url = await agree(ticket, 'smedjan')
  t.same(await consents.complete(url.searchParams), { kind: 'declined', userId: 'smedjan' })
  t.equal(links.find('smedjan'), undefined)
  sandbox.switches.consent = 'approve'
  const again = await agree(ticket, 'smedjan')
  t.match(await consents.complete(again.searchParams), { kind: 'linked' })
})

t.test('a callback works once and for ten minutes', async t => {
  const { consents, agree, clock, sandbox } = await consentsFor(t)
  const { ticket } = await consents.invite('smedjan')
  const late = await agree(ticket, 'smedjan')
  clock.suspend(10 * MINUTE_MS)
  t.same(await consents.complete(late.searchParams), { kind: 'invalid' })
  t.same(await consents.complete(new URLSearchParams()), { kind: 'invalid' })
  const url = await agree(ticket, 'smedjan')
  const results = await Promise.all([1, 2, 3].map(() => consents.complete(url.searchParams)))
  t.same(results.map(({ kind }) => kind).sort(), ['invalid', 'invalid', 'linked'])
  t.same(await consents.complete(url.searchParams), { kind: 'invalid' })
  t.equal(sandbox.count('token'), 1)
})

t.test('a callback with a valid state and an unknown code is invalid', async t => {
  const { consents, agree } = await consentsFor(t)
  const { ticket } = await consents.invite('smedjan')
  const url = await agree(ticket, 'smedjan')
  url.searchParams.set('code', 'another')
  t.same(await consents.complete(url.searchParams), { kind: 'invalid' })
})

t.test('on the invitation page, the owner can paste the address of a failed callback', async t => {
  const { consents, agree, links } = await consentsFor(t)
  const mine = await consents.invite('smedjan')
  const other = await consents.invite('fifty')
  const url = await agree(mine.ticket, 'smedjan')
  const wrong = [
    '',
    'nonsense',
    url.search,
    `${REDIRECT_URI}`,
    `http://127.0.0.1:3000/other${url.search}`,
    `http://127.0.0.1:3000/link/callback/${url.search}`,
  ]
  for (const pasted of wrong) {
    t.same(await consents.finish(mine.ticket, pasted), { kind: 'invalid' }, pasted)
  }
  t.same(await consents.finish(other.ticket, url.href), { kind: 'invalid' }, "another's consent")
  t.same(await consents.finish('nonsense', url.href), { kind: 'invalid' })
  t.equal(links.list().length, 0)
  t.match(await consents.finish(mine.ticket, ` ${url.href}\n`), { kind: 'linked' })
  t.same(await consents.finish(mine.ticket, url.href), { kind: 'invalid' })
  t.match(consents.attempts, { linked: 1, invalid: wrong.length + 3 }, 'each address counts once')
})

t.test('linking again replaces the link and disables the old link page', async t => {
  const { linkAs, consents, links, forgotten, clock, agree } = await consentsFor(t)
  const first = await linkAs('smedjan')
  const page = first.kind === 'linked' ? first.ticket : ''
  const before = links.find('smedjan')
  clock.suspend(DAY_MS)
  const again = await consents.complete((await agree(page, 'smedjan')).searchParams)
  t.match(again, { kind: 'linked' })
  t.not(links.find('smedjan')?.linkId, before?.linkId)
  t.same(forgotten, [{ userId: 'smedjan', linkId: before?.linkId }])
  t.equal(await consents.view(page), undefined)
  t.equal(await consents.begin(page), undefined)
})

t.test('an ended link can be linked again from the link page or an invitation', async t => {
  const { linkAs, consents, links, tickets } = await consentsFor(t)
  const { ticket } = await consents.invite('smedjan')
  await linkAs('smedjan')
  const link = links.find('smedjan')
  if (link === undefined) throw new Error('there is no link')
  t.match(await consents.view(ticket), { canLink: false })
  await links.report(link, { kind: 'other-user' })
  t.match(await consents.view(ticket), { canLink: true })
  const page = await tickets.pageOf('smedjan', link.linkId)
  t.match(await consents.view(page), { canLink: true, link: { state: { name: 'mismatch' } } })
})

t.test('an owner can end the link from the link page', async t => {
  const { linkAs, consents, links } = await consentsFor(t)
  const linked = await linkAs('smedjan')
  const page = linked.kind === 'linked' ? linked.ticket : ''
  t.equal(await consents.end('nonsense'), undefined)
  t.ok(links.find('smedjan'))
  t.equal(await consents.end(page), 'smedjan')
  t.equal(links.find('smedjan'), undefined)
  t.equal(await consents.end(page), undefined)
  t.equal(await consents.view(page), undefined)
})

t.test('unlinking withdraws earlier invitations, but not later ones', async t => {
  const { consents, agree, links, clock, linkAs, sandbox } = await consentsFor(t)
  const { ticket } = await consents.invite('smedjan')
  const open = await agree(ticket, 'smedjan')
  await linkAs('smedjan')
  clock.suspend(MINUTE_MS)
  await links.remove('smedjan')
  sandbox.clear()
  t.equal(await consents.view(ticket), undefined)
  t.equal(await consents.begin(ticket), undefined)
  t.same(await consents.complete(open.searchParams), { kind: 'invalid' })
  t.same(await consents.finish(ticket, open.href), { kind: 'invalid' })
  t.equal(sandbox.requests.length, 0)
  t.equal(links.find('smedjan'), undefined)
  t.match(await linkAs('smedjan'), { kind: 'linked' }, 'a new invitation')
})

t.test('unlinking withdraws the invitation even if the account was never linked', async t => {
  const { consents, links, clock } = await consentsFor(t)
  const { ticket } = await consents.invite('smedjan')
  clock.suspend(1)
  await links.remove('smedjan')
  t.equal(await consents.view(ticket), undefined)
})

for (const request of ['token', 'api'] as const) {
  t.test(`unlinking during the ${request} request cancels the consent`, async t => {
    const { consents, agree, links, clock, sandbox, accepted, file } = await consentsFor(t)
    const { ticket } = await consents.invite('smedjan')
    const { searchParams } = await agree(ticket, 'smedjan')
    const release = sandbox.hold(request)
    const completing = failureOf(consents.complete(searchParams))
    await sandbox.arrived(request, 1)
    clock.suspend(1)
    await links.remove('smedjan')
    release()
    t.match(await completing, { type: 'link-invalid', message: /ended the link/ })
    t.equal(links.find('smedjan'), undefined)
    t.equal(file.records.size, 0)
    t.same(accepted, [])
  })
}

t.test('a link removed during the consent keeps no token in memory', async t => {
  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  const { linkAs, links, accepted, file, clock } = await consentsFor(t, { forget: () => held })
  await linkAs('smedjan')
  clock.suspend(1)
  const before = links.find('smedjan')
  const again = linkAs('smedjan')
  await until(() => links.find('smedjan') !== before)
  const removing = links.remove('smedjan')
  release()
  t.same(await again, { kind: 'invalid' })
  await removing
  t.equal(accepted.length, 1, 'only that of the first link')
  t.equal(file.records.size, 0)
})

t.test('if Spotify fails, the service stores no link and gives the reason', async t => {
  const { linkAs, sandbox, links, file, gate } = await consentsFor(t)
  sandbox.switches.unregistered = ['smedjan']
  t.match(await failureOf(linkAs('smedjan')), {
    type: 'spotify-access-denied',
    causeName: 'not-registered',
    message: /Add the owner of the account/,
    retryAt: undefined,
  })
  sandbox.switches.unregistered = []
  const cases = [
    ['token', 'unavailable-text', 'spotify-unavailable'],
    ['api', 'expired-token', 'spotify-access-denied'],
    ['api', 'not-found', 'user-not-found'],
    ['api', json(200, {}), 'spotify-bad-response'],
    ['api', json(200, { id: '' }), 'spotify-bad-response'],
    ['api', json(200, null), 'spotify-bad-response'],
    ['api', 'html', 'spotify-bad-response'],
    ['api', 'rate-limited', 'spotify-rate-limited'],
  ] as const
  for (const [on, answer, type] of cases) {
    sandbox.fault({ on, answer, times: 1 })
    t.match(await failureOf(linkAs('smedjan')), { type })
  }
  t.equal(gate.status().state, 'paused', 'the rate limit is that of the app')
  t.equal(links.list().length, 0)
  t.equal(file.records.size, 0)
})

t.test('once the daily budget is spent, nobody can be linked', async t => {
  const { linkAs, links } = await consentsFor(t, { dailyBudget: 1 })
  t.match(await linkAs('smedjan'), { kind: 'linked' })
  t.match(await failureOf(linkAs('fifty')), { type: 'quota-budget-spent' })
  t.equal(links.find('fifty'), undefined)
})

t.test('consent fails if the link cannot be written', async t => {
  const { linkAs, file, accepted } = await consentsFor(t)
  file.failure = new Error('EROFS')
  t.match(await failureOf(linkAs('smedjan')), { type: 'internal-error' })
  t.equal(accepted.length, 0)
})

t.test('the first consent after an outage links the account and opens the gate', async t => {
  const { linkAs, sandbox, gate, clock, links } = await consentsFor(t)
  await links.add(recordOf('one'))
  sandbox.fault({ on: 'api', answer: 'server-error' })
  for (let tries = 0; tries < 6; tries++) {
    await clock.runUntil(failureOf(linkAs('smedjan')))
  }
  sandbox.clearFaults()
  clock.suspend(60 * MINUTE_MS)
  t.match(await linkAs('smedjan'), { kind: 'linked' })
  t.equal(gate.status().state, 'open')
})

t.test(
  'an invented or changed text, or one of another kind, is neither a ticket nor a state',
  async t => {
    const { consents, agree, sandbox, links } = await consentsFor(t)
    const { ticket } = await consents.invite('smedjan')
    const url = await agree(ticket, 'smedjan')
    const state = String(url.searchParams.get('state'))
    sandbox.clear()
    const seed = fc.constantFrom(ticket, state, url.search, '')
    const changed = fc
      .tuple(seed, fc.nat(1000), fc.string({ minLength: 1 }))
      .map(([text, at, more]) => text.slice(0, at) + more + text.slice(at + more.length + 1))
      .filter(text => text !== ticket && text !== state)
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), changed), async text => {
        t.equal(await consents.view(text), undefined)
        t.equal(await consents.begin(text), undefined)
        t.equal(await consents.end(text), undefined)
        const query = new URLSearchParams({ code: 'x', state: text })
        t.same(await consents.complete(query), { kind: 'invalid' })
        t.same(await consents.finish(ticket, text), { kind: 'invalid' })
      }),
      { numRuns: 2000 },
    )
    t.equal(sandbox.requests.length, 0)
    t.equal(links.list().length, 0)
  },
)
