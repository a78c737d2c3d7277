import t from 'tap'
import { retryAfterInstant } from '../../src/spotify/retry-after.ts'

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0)
const DAY_SECONDS = 86_400
const DEFAULT_SECONDS = 30

/** An HTTP date that lies `seconds` after NOW. */
const dateIn = (seconds: number) => new Date(NOW + seconds * 1000).toUTCString()

const cases: [what: string, rows: [field: string | undefined, seconds: number][]][] = [
  [
    'Whole seconds are counted from now',
    [
      ['1', 1],
      ['2', 2],
      ['007', 7],
      [' 120 ', 120],
    ],
  ],
  [
    'A date is taken as the instant itself',
    [
      [dateIn(1), 1],
      [dateIn(90), 90],
      ['Mon, 23 Nov 2026 13:00:00 GMT', 3600],
      ['Monday, 23-Nov-26 13:00:00 GMT', 3600],
    ],
  ],
  [
    'More than a day counts as a day',
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
    'A time that is not ahead counts as 30 s',
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
    'An absent field counts as 30 s',
    [
      [undefined, DEFAULT_SECONDS],
      ['', DEFAULT_SECONDS],
      [' ', DEFAULT_SECONDS],
    ],
  ],
  [
    'What is neither whole seconds nor an HTTP date counts as 30 s',
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
      t.equal(retryAfterInstant(field, NOW), NOW + seconds * 1000, JSON.stringify(field))
    }
  })
}

t.test('All three date forms of RFC 9110 mean UTC, wherever the service runs', async t => {
  const now = Date.UTC(1994, 10, 6, 8, 49, 0)
  for (const field of [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ]) {
    t.equal(retryAfterInstant(field, now), now + 37_000, field)
  }
})

t.test('A date keeps its instant when now lies between two whole seconds', async t => {
  t.equal(retryAfterInstant(dateIn(1), NOW + 1), NOW + 1000)
  t.equal(retryAfterInstant(dateIn(1), NOW + 999), NOW + 1000)
  t.equal(retryAfterInstant(dateIn(1), NOW + 1000), NOW + 31_000, 'from then on it is past')
})
