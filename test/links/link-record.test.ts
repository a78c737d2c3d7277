import t from 'tap'
import { isEnded, recordFor } from '../../src/links/link-record.ts'

const LIVE = {
  userId: 'smedjan',
  linkId: 'one',
  accountId: 'account',
  refreshToken: 'AQ',
  consentAt: 1,
}
const ENDED = { userId: 'smedjan', linkId: 'one', reason: 'consent-revoked', endedAt: 2 }

t.test('a record describes a link, with or without an account id, or an ended link', async t => {
  t.same(recordFor('smedjan', { ...LIVE, unknown: true }), LIVE)
  const { accountId, ...withoutAccount } = LIVE
  t.equal(accountId, 'account')
  t.same(recordFor('smedjan', withoutAccount), withoutAccount)
  t.same(recordFor('smedjan', ENDED), ENDED)
  t.notOk(isEnded(LIVE))
  t.ok(isEnded({ ...ENDED, reason: 'consent-revoked' }))
})

t.test('a record for another user, or with a missing member, is invalid', async t => {
  t.equal(recordFor('fifty', LIVE), undefined)
  t.equal(recordFor('fifty', ENDED), undefined)
  const broken = [
    null,
    7,
    'text',
    [],
    {},
    { ...LIVE, linkId: 7 },
    { ...LIVE, refreshToken: undefined },
    { ...LIVE, consentAt: '1' },
    { ...LIVE, consentAt: 0.5 },
    { ...ENDED, endedAt: null },
    { ...ENDED, reason: 'bored' },
    { ...ENDED, reason: undefined },
  ]
  for (const value of broken) t.equal(recordFor('smedjan', value), undefined, JSON.stringify(value))
})
