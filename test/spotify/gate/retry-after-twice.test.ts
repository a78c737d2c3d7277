import t from 'tap'
import { rateLimitedUntil } from '../../../src/spotify/retry-after.ts'

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0)
const DATE = 'Mon, 23 Nov 2026 13:00:00 GMT'
const OLD_DATE = 'Monday, 23-Nov-26 13:00:00 GMT'

t.test('the longest of several Retry-After fields counts', async t => {
  for (const [field, seconds] of [
    [['3600', '3600'], 3600],
    ['3600, 3600', 3600],
    ['5,60 , 7', 60],
    [['5', 'soon'], 5],
    ['0, 1.5, 9', 9],
    [`5, ${DATE}`, 3600],
    [[DATE, '5'], 3600],
    [`${OLD_DATE}, ${DATE}, 3601`, 3601],
    [['1', '9'.repeat(400)], 86_400],
    [['soon', '0'], 30],
    [[], 30],
  ] as [string | string[], number][]) {
    t.equal(rateLimitedUntil(field, NOW), NOW + seconds * 1000, JSON.stringify(field))
  }
})
