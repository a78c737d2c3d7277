import t from 'tap'
import { WaitingCallers } from '../../src/lib/waiting-callers.ts'
import { AppTokenAccess } from '../../src/links/app-token-access.ts'
import { Problem } from '../../src/problems/problem.ts'
import { AppTokenDenial } from '../../src/spotify/gate/linked-denials.ts'
import type { PageOptions } from '../../src/spotify/web-api.ts'
import { failureOf } from '../support/failure-of.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'

const MINUTE_MS = 60_000
const PAGE = { total: 0, entries: [] }

const denial = () => new AppTokenDenial('endpoint-forbidden', 403)
const broken = () => new Problem('spotify-unavailable', 'broken')

/** A guarded client; the test supplies the responses. */
function accessFor(hasLinks = true) {
  const clock = new ManualClock()
  const { logger: log, lines } = recordingLogger()
  const access = new AppTokenAccess({ clock, log, hasLinks: () => hasLinks })
  const paths: string[] = []
  const parts = { respond: async (_path: string) => {} }
  const client = access.guard({
    async page(path) {
      paths.push(path)
      await parts.respond(path)
      return PAGE
    },
  })
  const page = (user: string, signal = new AbortController().signal) => {
    const options: PageOptions = {
      callers: new WaitingCallers('someone'),
      isRevalidation: false,
      signal,
      startByMs: Number.POSITIVE_INFINITY,
      retryByMs: Number.POSITIVE_INFINITY,
      onRequest: () => {},
      onRead: () => {},
    }
    return client.page(`/users/${user}/playlists`, 0, options)
  }
  const deny = () => {
    parts.respond = async () => {
      throw denial()
    }
  }
  return { clock, lines, page, paths, parts, deny }
}

t.test('while Spotify accepts the app token, requests are sent at once', async t => {
  const { page, paths, parts } = accessFor()
  t.equal(await page('one'), PAGE)
  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  parts.respond = () => held
  const pages = ['two', 'three', 'four'].map(user => page(user))
  t.equal(paths.length, 4)
  release()
  await Promise.all(pages)
})

t.test(
  '200 denied lookups every five minutes cost 11 requests on the first day, then 4 a day',
  async t => {
    const { page, paths, deny, clock, lines } = accessFor()
    deny()
    let stranger = 0
    const flood = () =>
      Promise.all(Array.from({ length: 200 }, () => failureOf(page(`user${++stranger}`))))
    const problems = await flood()
    t.equal(paths.length, 2)
    for (const problem of problems) {
      t.match(problem, {
        type: 'spotify-access-denied',
        message: /^endpoint-forbidden: .* Have the owner of the account link it/,
        retryAt: clock.now() + 5 * MINUTE_MS,
      })
    }
    const days: number[] = []
    for (let day = 0; day < 4; day++) {
      const before = day === 0 ? 0 : paths.length
      for (let minute = 0; minute < 24 * 60; minute += 5) {
        clock.suspend(5 * MINUTE_MS)
        await flood()
      }
      days.push(paths.length - before)
    }
    t.same(days, [11, 4, 4, 4])
    t.same(
      lines().map(({ level, msg }) => `${level}: ${msg}`),
      ['warn: Spotify denies the app token; only linked accounts can be read'],
    )
  },
)

t.test('while no account is linked, an app token probe is due every five minutes', async t => {
  const { page, paths, deny, clock } = accessFor(false)
  deny()
  await t.rejects(page('one'))
  await t.rejects(page('two'))
  for (let probes = 1; probes <= 5; probes++) {
    await t.rejects(page('early'))
    clock.suspend(5 * MINUTE_MS)
    await t.rejects(page('late'))
    t.equal(paths.length, 2 + probes)
  }
})

t.test('denied lookups for a single user do not pause lookups for other users', async t => {
  const { page, paths, parts } = accessFor()
  parts.respond = async path => {
    if (path.includes('bad')) throw denial()
  }
  for (let tries = 0; tries < 3; tries++) await t.rejects(page('bad'))
  t.equal(await page('good'), PAGE)
  await t.rejects(page('bad'))
  t.equal(await page('good'), PAGE)
  t.equal(paths.length, 6)
})

t.test('a successful app token probe ends the pause, and so does a 404', async t => {
  for (const failure of [undefined, new Problem('user-not-found', 'nobody')]) {
    const { page, paths, deny, parts, clock, lines } = accessFor()
    deny()
    await t.rejects(page('one'))
    await t.rejects(page('two'))
    clock.suspend(5 * MINUTE_MS)
    parts.respond = async () => {
      if (failure) throw failure
    }
    await failureOf(page('three'))
    parts.respond = async () => {}
    t.equal(await page('four'), PAGE)
    t.equal(paths.length, 4)
    t.match(lines().at(-1), { level: 'info', msg: 'Spotify accepts the app token again' })
  }
})

t.test('during an app token probe, other lookups fail at once', async t => {
  const { page, paths, deny, parts, clock } = accessFor()
  deny()
  await t.rejects(page('one'))
  await t.rejects(page('two'))
  clock.suspend(5 * MINUTE_MS)
  let fail = (_: Error) => {}
  parts.respond = () =>
    new Promise((_, reject) => {
      fail = reject
    })
  const probing = failureOf(page('three'))
  t.match(await failureOf(page('four')), { retryAt: clock.now() + 1000 })
  fail(broken())
  t.match(await probing, { message: 'broken' })
  t.equal(paths.length, 3)
  deny()
  t.match(await failureOf(page('five')), { retryAt: clock.now() + 10 * MINUTE_MS })
  t.equal(paths.length, 4, 'an outage of the probe shows nothing, so the next lookup is one')
})

t.test('denials of requests sent before the pause do not prolong it', async t => {
  const { page, parts, clock, deny } = accessFor()
  await page('one')
  const fails: (() => void)[] = []
  parts.respond = () =>
    new Promise((_, reject) => {
      fails.push(() => reject(denial()))
    })
  const pages = ['two', 'three', 'four', 'five'].map(user => failureOf(page(user)))
  for (const fail of fails) fail()
  for (const problem of await Promise.all(pages)) {
    t.match(problem, { retryAt: clock.now() + 5 * MINUTE_MS })
  }
  deny()
  clock.suspend(5 * MINUTE_MS)
  t.match(await failureOf(page('six')), { retryAt: clock.now() + 10 * MINUTE_MS })
})

t.test('only denials cause a pause, since outages concern the gate', async t => {
  const { page, paths, parts } = accessFor()
  let fail = (_: Error) => {}
  parts.respond = () =>
    new Promise((_, reject) => {
      fail = reject
    })
  const first = failureOf(page('one'))
  const others = ['two', 'three'].map(user => failureOf(page(user)))
  t.equal(paths.length, 1)
  const failFirst = fail
  parts.respond = async () => {
    throw broken()
  }
  failFirst(broken())
  await Promise.all([first, ...others])
  t.equal(paths.length, 3)
})

t.test(
  'an aborted request says nothing about the app token, and a waiting request can be aborted',
  async t => {
    const { page, paths, parts, deny } = accessFor()
    const leaving = new AbortController()
    parts.respond = () =>
      new Promise((_, reject) => {
        leaving.signal.addEventListener('abort', () => reject(leaving.signal.reason))
      })
    const first = failureOf(page('one', leaving.signal))
    const waiting = new AbortController()
    const second = failureOf(page('two', waiting.signal))
    const third = failureOf(page('three'))
    waiting.abort(new Error('left'))
    t.match(await second, { message: 'left' })
    t.equal(paths.length, 1)
    deny()
    leaving.abort(new Error('gone'))
    t.match(await first, { message: 'gone' })
    t.match(await third, { causeName: 'endpoint-forbidden' })
    await t.rejects(page('four'))
    t.equal(paths.length, 3)
    await t.rejects(page('five'))
    t.equal(paths.length, 3, 'closed')
  },
)
