import t from 'tap'
import { reportOf, statusOf } from '../../src/links/link-report.ts'
import { consentEndsAt } from '../../src/links/link-state.ts'
import { linksFor, recordOf } from './support.ts'

const iso = (epochMs: number) => new Date(epochMs).toISOString()

t.test('a link report has the timestamps, the state and what to do, but no secret', async t => {
  const { links, clock } = linksFor()
  const link = await links.add(recordOf('smedjan'))
  const linkedAt = iso(clock.now())
  const endsAt = iso(consentEndsAt(clock.now()))
  t.same(reportOf(link), {
    user: 'smedjan',
    state: 'active',
    linked_at: linkedAt,
    consent_ends_at: endsAt,
    last_used_at: null,
    reason: null,
    remedy: null,
  })
  clock.suspend(1000)
  await links.report(link, { kind: 'read' })
  const usedAt = iso(clock.now())
  await links.report(link, { kind: 'denied', reason: 'not-registered' })
  const refused = reportOf(link)
  t.match(refused, {
    state: 'refused',
    linked_at: linkedAt,
    last_used_at: usedAt,
    reason: 'not-registered',
    remedy: /^Add the owner/,
  })
  t.notMatch(JSON.stringify(refused), 'AQ-first')
  clock.suspend(1000)
  await links.report(link, { kind: 'other-user' })
  t.match(reportOf(link), {
    state: 'mismatch',
    linked_at: null,
    consent_ends_at: iso(clock.now()),
    reason: 'other-user',
  })
})

t.test('the report for an unreadable record has no timestamps', async t => {
  const { file, restarted } = linksFor()
  file.records = new Map([['smedjan', 'damaged']])
  const [link] = (await restarted()).list()
  t.match(link && reportOf(link), {
    user: 'smedjan',
    state: 'unreadable',
    linked_at: null,
    consent_ends_at: null,
    reason: 'unreadable',
    remedy: /LINKS_PREVIOUS_CLIENT_SECRET/,
  })
})

t.test('the status counts links by state without naming users', async t => {
  const { links, file, clock } = linksFor()
  t.same(statusOf(links), {
    state: 'ok',
    active: 0,
    doubtful: 0,
    refused: 0,
    ended: 0,
    unreadable: 0,
    next_consent_end: null,
  })
  const [first, second, third] = await Promise.all(
    ['one', 'two', 'three'].map(user => links.add(recordOf(user))),
  )
  if (!first || !second || !third) throw new Error('there are three links')
  await links.report(first, { kind: 'other-user' })
  await links.report(second, { kind: 'invalid-grant' })
  file.failure = new Error('EROFS')
  await links.save().catch(() => {})
  t.same(statusOf(links), {
    state: 'unwritable',
    active: 1,
    doubtful: 1,
    refused: 0,
    ended: 1,
    unreadable: 0,
    next_consent_end: iso(consentEndsAt(clock.now())),
  })
})
