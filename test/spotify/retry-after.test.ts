import t from 'tap'
import { rateLimitedUntil } from '../../src/spotify/retry-after.ts'

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0)
const DAY_SECONDS = 86_400
const DEFAULT_SECONDS = 30

const DATE = 'Mon, 23 Nov 2026 13:00:00 GMT'
const OLD_DATE = 'Monday, 23-Nov-26 13:00:00 GMT'

/** The HTTP date `seconds` after NOW. */
const dateIn = (seconds: number) => new Date(NOW + seconds * 1000).toUTCString()

const cases: [what: string, rows: [field: string | undefined, seconds: number][]][] = [
  [
    'a Retry-After of whole seconds counts from now',
    [
      ['1', 1],
      ['2', 2],
      ['007', 7],
      [' 120 ', 120],
    ],
  ],
  [
    'a date in Retry-After is the instant itself',
    [
      [dateIn(1), 1],
      [dateIn(90), 90],
      [DATE, 3600],
      [OLD_DATE, 3600],
    ],
  ],
  [
    'a Retry-After of more than a day counts as a day',
    [
      [`${DAY_SECONDS - 1}`, DAY_SECONDS - 1],
      [`${DAY_SECONDS}`, DAY_SECONDS],
      [`${DAY_SECONDS + 1}`, DAY_SECONDS],
      ['9'.repeat(400), DAY_SECONDS],
      [dateIn(DAY_SECONDS - 1), DAY_SECONDS - 1],
      [dateIn(DAY_SECONDS), DAY_SECONDS],
      [dateIn(DAY_SECONDS + 1), DAY_SECONDS],
      [dateIn(365 * DAY_SECONDS), DAY_SECONDS],
    ],
  ],
  [
    'a Retry-After that is not in the future counts as 30 s',
    [
      ['0', DEFAULT_SECONDS],
      ['000', DEFAULT_SECONDS],
      ['-1', DEFAULT_SECONDS],
      [dateIn(0), DEFAULT_SECONDS],
      [dateIn(-1), DEFAULT_SECONDS],
      [dateIn(-365 * DAY_SECONDS), DEFAULT_SECONDS],
    ],
  ],
  [
    'an absent Retry-After counts as 30 s',
    [
      [undefined, DEFAULT_SECONDS],
      ['', DEFAULT_SECONDS],
      [' ', DEFAULT_SECONDS],
    ],
  ],
  [
    'a malformed Retry-After counts as 30 s',
    [
      ['1.5', DEFAULT_SECONDS],
      ['+5', DEFAULT_SECONDS],
      ['5s', DEFAULT_SECONDS],
      ['1e3', DEFAULT_SECONDS],
      ['0x10', DEFAULT_SECONDS],
      ['5; 5', DEFAULT_SECONDS],
      [',', DEFAULT_SECONDS],
      ['Infinity', DEFAULT_SECONDS],
      ['soon', DEFAULT_SECONDS],
      ['Monday', DEFAULT_SECONDS],
      ['Mon 2099', DEFAULT_SECONDS],
      ['Mon 99:99:99', DEFAULT_SECONDS],
      ['2026-11-23T13:00:00Z', DEFAULT_SECONDS],
      ['23 Nov 2026 13:00:00 GMT', DEFAULT_SECONDS],
    ],
  ],
]

for (const [what, rows] of cases) {
  t.test(what, async t => {
    for (const [field, seconds] of rows) {
      t.equal(rateLimitedUntil(field, NOW), NOW + seconds * 1000, JSON.stringify(field))
    }
  })
}

t.test('all three RFC 9110 date formats are read as UTC', async t => {
  const now = Date.UTC(1994, 10, 6, 8, 49, 0)
  for (const field of [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ]) {
    t.equal(rateLimitedUntil(field, now), now + 37_000, field)
  }
})

t.test('a date in Retry-After is exact even between two whole seconds', async t => {
  t.equal(rateLimitedUntil(dateIn(1), NOW + 1), NOW + 1000)
  t.equal(rateLimitedUntil(dateIn(1), NOW + 999), NOW + 1000)
  t.equal(rateLimitedUntil(dateIn(1), NOW + 1000), NOW + 31_000, 'in the past')
})

t.test('the latest instant wins when there are several Retry-After fields', async t => {
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
