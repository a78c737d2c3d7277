import t from 'tap'
import { httpDate, httpDates } from '../../src/lib/http-date.ts'

t.test('all three HTTP date formats are parsed as UTC', async t => {
  for (const field of [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ]) {
    t.equal(httpDate(field), Date.UTC(1994, 10, 6, 8, 49, 37), field)
  }
  t.equal(httpDate('Monday, 23-Nov-26 13:00:00 GMT'), Date.UTC(2026, 10, 23, 13))
  t.equal(httpDate('Mon Nov 23 13:00:00 2026'), Date.UTC(2026, 10, 23, 13))
})

t.test('text in any other format is not an HTTP date', async t => {
  for (const field of [
    '',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'sun, 06 nov 1994 08:49:37 gmt',
    'Sun, 06-Nov-94 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
    '06 Nov 1994 08:49:37 GMT',
    'Sun, 99 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 25:49:37 GMT',
    '1994-11-06T08:49:37Z',
  ]) {
    t.equal(httpDate(field), undefined, field)
  }
})

t.test(
  'an HTTP date is formatted once per second, and again when the clock is set back',
  async t => {
    const format = httpDates()
    const at = Date.UTC(2026, 10, 30, 12)
    for (const [now, date] of [
      [at, 'Mon, 30 Nov 2026 12:00:00 GMT'],
      [at + 999, 'Mon, 30 Nov 2026 12:00:00 GMT'],
      [at + 1000, 'Mon, 30 Nov 2026 12:00:01 GMT'],
      [at - 1, 'Mon, 30 Nov 2026 11:59:59 GMT'],
    ] as const) {
      t.equal(format(now), date)
      t.equal(httpDate(format(now)), Math.floor(now / 1000) * 1000)
    }
  },
)
