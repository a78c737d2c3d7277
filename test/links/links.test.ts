import t from 'tap'
import { statusOf } from '../../src/links/link-report.ts'
import { consentEndsAt } from '../../src/links/link-state.ts'
import { Sealer } from '../../src/links/sealing.ts'
import { failureOf } from '../support/failure-of.ts'
import { DAY_MS, linksFor, recordOf } from './support.ts'

const TEN_MINUTES_MS = 600_000

t.test('a new link is in the file before it is used', async t => {
  const { links, file, kept, lines } = linksFor()
  let release = () => {}
  file.held = new Promise(resolve => {
    release = resolve
  })
  const adding = links.add(recordOf('smedjan'))
  t.equal(links.find('smedjan'), undefined)
  release()
  const link = await adding
  t.equal(links.find('smedjan'), link)
  t.ok(links.has(link))
  t.same(link.state, { name: 'active' })
  t.same(await kept('smedjan'), recordOf('smedjan'))
  t.match(lines(), [{ level: 'info', msg: 'linked an account', user_id: 'smedjan' }])
})

t.test('a link that cannot be written is not added', async t => {
  const { links, file, messages, kept } = linksFor()
  file.failure = new Error('EROFS')
  t.match(await failureOf(links.add(recordOf('smedjan'))), { type: 'internal-error' })
  t.match(await failureOf(links.add(recordOf('smedjan'))), { type: 'internal-error' })
  t.equal(links.find('smedjan'), undefined)
  t.ok(links.isUnwritable)
  t.same(messages(), ['error: cannot write the file of linked accounts'], 'logged once')
  file.failure = undefined
  await links.sweep()
  t.notOk(links.isUnwritable)
  t.equal(await kept('smedjan'), undefined)
  t.equal(messages()[1], 'info: wrote the file of linked accounts after failures')
})

t.test('a new link replaces the old link and its lists after the write', async t => {
  const { links, file, forgotten, kept } = linksFor()
  const first = await links.add(recordOf('smedjan', { linkId: 'one' }))
  await links.add(recordOf('fifty'))
  file.failure = new Error('EROFS')
  await t.rejects(links.add(recordOf('smedjan', { linkId: 'two' })))
  t.equal(links.find('smedjan'), first)
  t.same(forgotten, [])
  file.failure = undefined
  const second = await links.add(recordOf('smedjan', { linkId: 'three' }))
  t.equal(links.find('smedjan'), second)
  t.notOk(links.has(first))
  t.same(forgotten, [{ userId: 'smedjan', linkId: 'one' }])
  t.match(await kept('smedjan'), { linkId: 'three' })
  t.match(await kept('fifty'), { linkId: 'link of fifty' })
})

t.test('memory and file agree after a failed write that did replace the file', async t => {
  const { links, file } = linksFor()
  await links.add(recordOf('fifty'))
  const write = file.write.bind(file)
  file.write = async records => {
    file.write = write
    await write(records)
    throw new Error('EIO')
  }
  await t.rejects(links.add(recordOf('smedjan')))
  t.same([...file.records.keys()], ['fifty'])
  t.equal(links.find('smedjan'), undefined)
  t.notOk(links.isUnwritable)
})

t.test('a new refresh token is in the file, or waits in memory for the next write', async t => {
  const { links, file, kept } = linksFor()
  const link = await links.add(recordOf('smedjan'))
  await links.replaceToken(link, 'AQ-second')
  t.match(await kept('smedjan'), { refreshToken: 'AQ-second' })
  file.failure = new Error('ENOSPC')
  await t.rejects(links.replaceToken(link, 'AQ-third'))
  t.match(await kept('smedjan'), { refreshToken: 'AQ-second' })
  t.match(link.record, { refreshToken: 'AQ-third' })
  file.failure = undefined
  await links.save()
  t.match(await kept('smedjan'), { refreshToken: 'AQ-third' })
})

t.test('a token that changes while being sealed is not lost', async t => {
  const sealer = new Sealer('a client secret')
  let whileSealing = () => {}
  const seal = sealer.seal.bind(sealer)
  sealer.seal = async (purpose, value) => {
    const text = await seal(purpose, value)
    whileSealing()
    return text
  }
  const { links, kept } = linksFor({ sealer })
  const link = await links.add(recordOf('smedjan'))
  link.sealed = undefined
  const replaced = new Promise<void>(resolve => {
    whileSealing = () => {
      whileSealing = () => {}
      links.replaceToken(link, 'AQ-second').then(resolve)
    }
  })
  await Promise.all([links.save(), replaced])
  t.match(await kept('smedjan'), { refreshToken: 'AQ-second' })
})

t.test('a late token or report for a removed link has no effect', async t => {
  const { links, file, lines } = linksFor()
  const link = await links.add(recordOf('smedjan'))
  await links.remove('smedjan')
  const { length } = lines()
  await links.replaceToken(link, 'AQ-second')
  await links.report(link, { kind: 'other-user' })
  t.same(link.state, { name: 'active' })
  t.equal(file.records.size, 0)
  t.equal(lines().length, length)
})

t.test('an ended link loses the token and lists at once, and the row after five days', async t => {
  const { links, clock, forgotten, kept, restarted, lines } = linksFor()
  const link = await links.add(recordOf('smedjan'))
  await links.report(link, { kind: 'invalid-grant' })
  t.equal(link.state.name, 'doubtful')
  t.match(await kept('smedjan'), { refreshToken: 'AQ-first' })
  t.same(forgotten, [])
  await clock.advance(TEN_MINUTES_MS)
  await links.report(link, { kind: 'invalid-grant' })
  const ended = {
    userId: 'smedjan',
    linkId: 'link of smedjan',
    reason: 'consent-revoked',
    endedAt: clock.now(),
  }
  t.same(await kept('smedjan'), ended)
  t.same(link.record, ended)
  t.same(forgotten, [{ userId: 'smedjan', linkId: 'link of smedjan' }])
  t.match(lines().slice(1), [
    { level: 'warn', reason: 'consent-doubtful', remedy: /ten minutes/ },
    { level: 'warn', msg: 'the link to an account ended', reason: 'consent-revoked' },
  ])
  await links.replaceToken(link, 'AQ-late')
  t.same(await kept('smedjan'), ended)

  const later = await restarted()
  t.same(later.find('smedjan')?.state, { name: 'ended', reason: 'consent-revoked' })
  await clock.advance(5 * DAY_MS - TEN_MINUTES_MS)
  t.ok(links.find('smedjan'))
  await clock.advance(2 * TEN_MINUTES_MS * 6)
  t.equal(links.find('smedjan'), undefined)
  t.equal(await kept('smedjan'), undefined)
  await later.close()
})

t.test('a mismatch survives a restart, and a new consent ends it', async t => {
  const { links, restarted } = linksFor()
  const link = await links.add(recordOf('smedjan'))
  await links.report(link, { kind: 'other-user' })
  const later = await restarted()
  t.same(later.find('smedjan')?.state, { name: 'mismatch', reason: 'other-user' })
  await later.add(recordOf('smedjan', { linkId: 'two' }))
  t.same(later.find('smedjan')?.state, { name: 'active' })
})

t.test('a later sweep writes the end of a link after a failed write', async t => {
  const { links, file, clock, kept } = linksFor()
  const link = await links.add(recordOf('smedjan'))
  file.failure = new Error('EROFS')
  await links.report(link, { kind: 'other-user' })
  t.notMatch(link.record, { refreshToken: /./ }, 'the token is nowhere in memory')
  t.match(await kept('smedjan'), { refreshToken: 'AQ-first' })
  await clock.advance(3_600_000)
  file.failure = undefined
  await clock.advance(3_600_000)
  t.match(await kept('smedjan'), { reason: 'other-user' })
})

t.test('a read sets the time of last use and ends a refusal', async t => {
  const { links, clock, messages } = linksFor()
  const link = await links.add(recordOf('smedjan'))
  t.equal(link.lastUsedAt, undefined)
  await links.report(link, { kind: 'denied', reason: 'not-registered' })
  await clock.advance(3_600_000)
  await links.report(link, { kind: 'read' })
  t.equal(link.lastUsedAt, clock.now())
  t.same(messages().slice(1), [
    'warn: Spotify refused the link to an account',
    'info: the link to an account works again',
  ])
})

t.test('warnings come 30, 7 and 1 days before a consent ends, each once', async t => {
  const { links, clock, lines } = linksFor()
  const consentAt = clock.now()
  await links.add(recordOf('smedjan'))
  const warned: number[] = []
  for (let day = 0; day < 182; day++) {
    const before = lines().length
    await clock.advance(DAY_MS)
    const warnings = lines().slice(before)
    for (const line of warnings) {
      t.match(line, {
        level: 'warn',
        msg: 'the consent of a linked account ends soon',
        user_id: 'smedjan',
        consent_ends_at: new Date(consentEndsAt(consentAt)).toISOString(),
      })
      warned.push(Math.round((consentEndsAt(consentAt) - clock.now()) / DAY_MS))
    }
  }
  t.same(warned, [30, 7, 1])
})

t.test(
  'records survive a restart, and the service re-encrypts records sealed with the previous secret',
  async t => {
    const { links, file, restarted, sealer } = linksFor()
    await links.add(recordOf('smedjan'))
    await links.add(recordOf('fifty'))
    const same = await restarted()
    t.match(same.find('smedjan'), { record: recordOf('smedjan'), state: { name: 'active' } })
    t.equal(await same.load(file.records), false)

    const rotated = await restarted({ sealer: new Sealer('new secret', 'a client secret') })
    t.equal(await rotated.load(file.records), true)
    await rotated.save()
    const alone = await restarted({ sealer: new Sealer('new secret') })
    t.match(alone.find('fifty'), { record: recordOf('fifty') })
    t.equal(await sealer.open('link record', String(file.records.get('fifty'))), undefined)
    t.equal(statusOf(alone).active, 2)
  },
)

t.test('an undecryptable record is kept unchanged, and other links work', async t => {
  const { links, file, restarted, lines } = linksFor()
  for (const user of ['smedjan', 'fifty', 'one']) await links.add(recordOf(user))
  const text = (user: string) => String(file.records.get(user))
  const damaged = new Map([
    ['smedjan', text('smedjan')],
    ['moved', text('fifty')],
    ['cut', text('fifty').slice(0, -5)],
    ['flipped', text('fifty').replace(/.(?=[^.]*$)/, '-')],
    ['foreign', await new Sealer('another').seal('link record', recordOf('foreign'))],
    ['other-purpose', await new Sealer('a client secret').seal('invitation', recordOf('x'))],
  ])
  file.records = damaged
  const before = lines().length
  const later = await restarted()
  t.match(statusOf(later), { active: 1, doubtful: 0, refused: 0, ended: 0, unreadable: 5 })
  const errors = lines().slice(before)
  t.equal(errors.length, 5)
  for (const line of errors) {
    t.match(line, { level: 'error', msg: /cannot decrypt/, remedy: /LINKS_PREVIOUS_CLIENT_SECRET/ })
  }
  const moved = later.find('moved')
  if (moved === undefined) throw new Error('there is no such link')
  await later.report(moved, { kind: 'other-user' })
  await later.replaceToken(moved, 'AQ')
  await later.sweep()
  await later.save()
  t.same(file.records, damaged, 'a write keeps all of them')
  await later.add(recordOf('moved', { linkId: 'new' }))
  t.match(later.find('moved')?.state, { name: 'active' })
  await later.remove('cut')
  t.notOk(file.records.has('cut'))
})

t.test('`next_consent_end` ignores links in an unusable state', async t => {
  const { links } = linksFor()
  const end = () => statusOf(links).next_consent_end
  t.equal(end(), null)
  const { consentAt } = recordOf('x')
  await links.add(recordOf('late', { consentAt: consentAt + 5 }))
  const early = await links.add(recordOf('early'))
  await links.add(recordOf('later', { consentAt: consentAt + 9 }))
  t.equal(end(), new Date(consentEndsAt(consentAt)).toISOString())
  await links.report(early, { kind: 'other-user' })
  t.equal(end(), new Date(consentEndsAt(consentAt + 5)).toISOString())
})

t.test('close() stops the timer and waits for the write in flight', async t => {
  const { links, file, clock } = linksFor()
  let release = () => {}
  file.held = new Promise(resolve => {
    release = resolve
  })
  const saving = links.save()
  let isClosed = false
  const closing = links.close().then(() => {
    isClosed = true
  })
  t.same(clock.pending, [])
  await new Promise(resolve => setImmediate(resolve))
  t.notOk(isClosed)
  release()
  await Promise.all([saving, closing])
  t.ok(isClosed)
})
