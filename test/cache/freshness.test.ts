import fc from 'fast-check'
import t from 'tap'
import { type Freshness, freshness, stored } from '../../src/cache/freshness.ts'

const GENERATED = Date.UTC(2026, 10, 23)

const lifetime = (
  freshSeconds: number,
  staleWhileRevalidateSeconds: number,
  staleIfErrorSeconds: number,
) => ({ freshSeconds, staleWhileRevalidateSeconds, staleIfErrorSeconds })

/** Returns the freshness of a response `ageMs` after generation. */
const freshnessAt = (ageMs: number, limits: ReturnType<typeof lifetime>) =>
  freshness(stored('body', GENERATED, limits), GENERATED + ageMs)

t.test('both stale lifetimes start at the end of freshness', async t => {
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
    'a response is fresh, then stale-while-revalidate, then stale-if-error, then gone',
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
    'stale-while-revalidate may outlast stale-if-error',
    lifetime(10, 30, 20),
    [
      [39_999, 'stale-while-revalidate'],
      [40_000, 'gone'],
    ],
  ],
  [
    'without stale-while-revalidate, stale-if-error follows freshness',
    lifetime(10, 0, 20),
    [
      [9999, 'fresh'],
      [10_000, 'stale-if-error'],
      [29_999, 'stale-if-error'],
      [30_000, 'gone'],
    ],
  ],
  [
    'without stale lifetimes, a response is gone after its freshness',
    lifetime(10, 0, 0),
    [
      [9999, 'fresh'],
      [10_000, 'gone'],
    ],
  ],
  ['a response with a lifetime of zero is gone at once', lifetime(0, 0, 0), [[0, 'gone']]],
  ['a response from a clock that is ahead is fresh', lifetime(10, 0, 0), [[-60_000, 'fresh']]],
]

for (const [title, limits, rows] of cases) {
  t.test(title, async t => {
    for (const [ageMs, expected] of rows) {
      t.equal(freshnessAt(ageMs, limits), expected, `${ageMs} ms`)
    }
  })
}

t.test('a response never becomes fresher', async t => {
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
