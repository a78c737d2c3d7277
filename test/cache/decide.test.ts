import t from 'tap'
import { type Decision, decide, stored } from '../../src/cache/freshness.ts'
import { requestDirectives } from '../../src/cache/request-directives.ts'

const GENERATED = Date.UTC(2026, 10, 23)
const MIN_REFRESH_MS = 10_000

/** Fresh for 100 s, stale-while-revalidate for 100 s more, then stale-if-error for 200 s more. */
const response = stored('body', GENERATED, {
  freshSeconds: 100,
  staleWhileRevalidateSeconds: 100,
  staleIfErrorSeconds: 300,
})

/** Returns the decision, or the reason to forward. */
function decisionAt(ageMs: number, field?: string): string {
  const directives = requestDirectives(field)
  const decision: Decision = decide(response, GENERATED + ageMs, directives, MIN_REFRESH_MS)
  return decision.use === 'forward' ? decision.reason : decision.use
}

const rows: [field: string | undefined, decisions: [ageMs: number, decision: string][]][] = [
  [
    undefined,
    [
      [0, 'reuse'],
      [99_999, 'reuse'],
      [100_000, 'revalidate-in-background'],
      [199_999, 'revalidate-in-background'],
      [200_000, 'stale'],
      [399_999, 'stale'],
      [400_000, 'uri-miss'],
    ],
  ],
  [
    'no-cache',
    [
      [0, 'reuse'],
      [9_999, 'reuse'],
      [10_000, 'request'],
      [10_001, 'request'],
      [150_000, 'request'],
      [300_000, 'request'],
      [400_000, 'uri-miss'],
    ],
  ],
  [
    'max-age=0',
    [
      [0, 'reuse'],
      [9_999, 'reuse'],
      [10_000, 'request'],
      [400_000, 'uri-miss'],
    ],
  ],
  [
    'max-age=60',
    [
      [59_999, 'reuse'],
      [60_000, 'reuse'],
      [60_001, 'request'],
    ],
  ],
  [
    'max-age=1000',
    [
      [99_999, 'reuse'],
      [100_000, 'stale'],
      [200_000, 'stale'],
    ],
  ],
  [
    'max-age=1000, max-stale=50',
    [
      [100_000, 'revalidate-in-background'],
      [150_000, 'revalidate-in-background'],
      [150_001, 'stale'],
    ],
  ],
  [
    'max-stale=150',
    [
      [99_999, 'reuse'],
      [250_000, 'revalidate-in-background'],
      [250_001, 'stale'],
    ],
  ],
  [
    'max-stale',
    [
      [399_999, 'revalidate-in-background'],
      [400_000, 'uri-miss'],
    ],
  ],
  ['max-stale=0', [[100_001, 'stale']]],
  [
    'only-if-cached',
    [
      [99_999, 'reuse'],
      [100_000, 'reuse'],
      [199_999, 'reuse'],
      [200_000, 'not-stored'],
      [400_000, 'not-stored'],
    ],
  ],
  [
    'only-if-cached, max-stale',
    [
      [399_999, 'reuse'],
      [400_000, 'not-stored'],
    ],
  ],
  [
    'only-if-cached, max-age=60',
    [
      [60_000, 'reuse'],
      [60_001, 'not-stored'],
    ],
  ],
  [
    'only-if-cached, no-cache',
    [
      [9_999, 'reuse'],
      [10_000, 'not-stored'],
    ],
  ],
]

for (const [field, decisions] of rows) {
  t.test(
    `with ${field ?? 'no directive'}, the stored response's age decides how the cache uses it`,
    async t => {
      for (const [ageMs, decision] of decisions) {
        t.equal(decisionAt(ageMs, field), decision, `${ageMs} ms`)
      }
    },
  )
}

t.test('a lookup for an unknown key goes to the origin unless the caller forbids it', async t => {
  const miss = { use: 'forward', reason: 'uri-miss' }
  for (const field of [undefined, 'no-cache', 'max-age=5', 'max-stale']) {
    t.strictSame(decide(undefined, GENERATED, requestDirectives(field), MIN_REFRESH_MS), miss)
  }
  const only = requestDirectives('only-if-cached')
  t.strictSame(decide(undefined, GENERATED, only, MIN_REFRESH_MS), { use: 'not-stored' })
})
