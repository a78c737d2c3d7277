import t from 'tap'
import { isSameUser } from '../../src/user-id/same-user.ts'

t.test('ids differing only in case or Unicode normalisation identify the same user', async t => {
  for (const [left, right, isSame] of [
    ['smedjan', 'Smedjan', true],
    ['espa\u00f1a', 'ESPAN\u0303A', true],
    ['J\u030c', '\u01f0', true],
    ['\u0130', 'i\u0307', true],
    ['espa\u00f1a', 'espana', false],
    ['one', 'two', false],
    ['', 'one', false],
  ] as const) {
    t.equal(isSameUser(left, right), isSame, `${left} ${right}`)
    t.equal(isSameUser(right, left), isSame, `${right} ${left}`)
  }
})
