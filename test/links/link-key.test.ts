import t from 'tap'
import { cacheKeyOf, isServable, partsOf } from '../../src/links/link-key.ts'
import { linksFor, recordOf } from './support.ts'

t.test(
  'the key for a linked user contains the link; for any other user it is the user id',
  async t => {
    const { links, file, restarted } = linksFor()
    t.equal(cacheKeyOf(links, 'smedjan'), 'smedjan')
    await links.add(recordOf('smedjan', { linkId: 'one' }))
    t.equal(cacheKeyOf(links, 'smedjan'), 'one/smedjan')
    t.same(partsOf('one/smedjan'), { linkId: 'one', userId: 'smedjan' })
    t.same(partsOf('smedjan'), { linkId: undefined, userId: 'smedjan' })
    file.records = new Map([['smedjan', 'damaged']])
    const later = await restarted()
    t.same(partsOf(cacheKeyOf(later, 'smedjan')), { linkId: '', userId: 'smedjan' })
  },
)

t.test('only lists for known links and unlinked users are served', async t => {
  const { links } = linksFor()
  t.ok(isServable(links, 'smedjan'))
  t.notOk(isServable(links, 'one/smedjan'))
  const link = await links.add(recordOf('smedjan', { linkId: 'one' }))
  t.ok(isServable(links, 'one/smedjan'))
  t.notOk(isServable(links, 'two/smedjan'))
  t.notOk(isServable(links, 'one/fifty'))
  await links.report(link, { kind: 'other-user' })
  t.notOk(isServable(links, 'one/smedjan'), 'the link has ended')
})
