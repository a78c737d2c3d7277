import fc from 'fast-check'
import t from 'tap'
import { type Freshness, freshness, stored } from '../../src/cache/freshness.ts'

const GENERATED = Date.UTC(2026, 10, 23)

const lifetime = (
  freshSeconds: number,
  staleWhileRevalidateSeconds: number,
  staleIfErrorSeconds: number,
) => ({ freshSeconds, staleWhileRevalidateSeconds, staleIfErrorSeconds })

/** What becomes of a response of that lifetime `ageMs` after it was generated. */
const freshnessAt = (ageMs: number, limits: ReturnType<typeof lifetime>) =>
  freshness(stored('body', GENERATED, limits), GENERATED + ageMs)

t.test('Storing fixes the instants, both stale ones counted from the end of freshness', async t => {
  t.strictSame(stored('body', GENERATED, lifetime(300, 3600, 43_200)), {
    body: 'body',
    generatedAt: GENERATED,
    freshUntil: GENERATED + 300_000,
    staleWhileRevalidateUntil: GENERATED + 3_900_000,
    staleIfErrorUntil: GENERATED + 43_500_000,
  })
})

const cases: [title: string, limits: ReturnType<typeof lifetime>, rows: [number, Freshness][]][] = [
  [
    'A response passes through fresh, stale-while-revalidate and stale-if-error until it is gone',
    lifetime(10, 20, 30),
    [
      [0, 'fresh'],
      [9999, 'fresh'],
      [10_000, 'stale-while-revalidate'],
      [10_001, 'stale-while-revalidate'],
      [29_999, 'stale-while-revalidate'],
      [30_000, 'stale-if-error'],
      [30_001, 'stale-if-error'],
      [39_999, 'stale-if-error'],
      [40_000, 'gone'],
      [40_001, 'gone'],
    ],
  ],
  [
    'Stale-while-revalidate may outlast stale-if-error',
    lifetime(10, 30, 20),
    [
      [39_999, 'stale-while-revalidate'],
      [40_000, 'gone'],
    ],
  ],
  [
    'Without stale-while-revalidate the end of freshness leads to stale-if-error',
    lifetime(10, 0, 20),
    [
      [9999, 'fresh'],
      [10_000, 'stale-if-error'],
      [29_999, 'stale-if-error'],
      [30_000, 'gone'],
    ],
  ],
  [
    'Without any stale use the end of freshness is the end',
    lifetime(10, 0, 0),
    [
      [9999, 'fresh'],
      [10_000, 'gone'],
    ],
  ],
  ['A lifetime of nothing is over at once', lifetime(0, 0, 0), [[0, 'gone']]],
  ['A response from a clock that runs ahead is fresh', lifetime(10, 0, 0), [[-60_000, 'fresh']]],
]

for (const [title, limits, rows] of cases) {
  t.test(title, async t => {
    for (const [ageMs, expected] of rows) {
      t.equal(freshnessAt(ageMs, limits), expected, `${ageMs} ms`)
    }
  })
}

t.test('As time goes on a response only ever gets less usable', async t => {
  const order: Freshness[] = ['fresh', 'stale-while-revalidate', 'stale-if-error', 'gone']
  const seconds = fc.integer({ min: 0, max: 86_400 })
  const ageMs = fc.integer({ min: 0, max: 3 * 86_400_000 })
  const property = fc.property(seconds, seconds, seconds, ageMs, ageMs, (a, b, c, one, other) => {
    const limits = lifetime(a, b, c)
    const earlier = order.indexOf(freshnessAt(Math.min(one, other), limits))
    return earlier <= order.indexOf(freshnessAt(Math.max(one, other), limits))
  })
  t.doesNotThrow(() => fc.assert(property))
})
