import t from 'tap'
import { type Lifetime, stored } from '../../src/cache/freshness.ts'
import type { Forward } from '../../src/cache/lookup-result.ts'
import { age, cacheControl, cacheStatus } from '../../src/cache/response-fields.ts'
import { Problem } from '../../src/problems/problem.ts'

const NOW = Date.UTC(2026, 10, 23)

const lifetime: Lifetime = {
  freshSeconds: 300,
  staleWhileRevalidateSeconds: 3600,
  staleIfErrorSeconds: 43_200,
}

const response = (ageMs: number, limits = lifetime) => stored('body', NOW - ageMs, limits)

const forward = (changes: Partial<Forward> = {}): Forward => ({
  reason: 'uri-miss',
  status: 200,
  stored: true,
  collapsed: false,
  requests: 1,
  ...changes,
})

t.test('Cache-Status describes how the cache handled the lookup', async t => {
  const failure = new Problem('spotify-rate-limited', 'later')
  const refused = forward({ status: 429, stored: false })
  for (const [lookup, field] of [
    [{ response: response(10_000) }, 'hit; ttl=290'],
    [{ response: response(299_001) }, 'hit; ttl=0'],
    [{ response: response(300_001) }, 'hit; ttl=-1'],
    [{ response: response(360_000) }, 'hit; ttl=-60'],
    [
      { response: response(0), forward: forward() },
      'fwd=uri-miss; fwd-status=200; stored; ttl=300',
    ],
    [
      { response: response(0), forward: forward({ reason: 'stale', collapsed: true }) },
      'fwd=stale; fwd-status=200; stored; collapsed; ttl=300',
    ],
    [
      { response: response(0), forward: forward({ reason: 'request', stored: false }) },
      'fwd=request; fwd-status=200; ttl=300',
    ],
    [
      { response: response(0), forward: forward({ status: 404 }) },
      'fwd=uri-miss; fwd-status=404; stored; ttl=300',
    ],
    [
      { response: response(400_000), forward: { ...refused, reason: 'stale' as const }, failure },
      'fwd=stale; fwd-status=429; ttl=-100; detail=spotify-rate-limited',
    ],
    [{ forward: refused, failure }, 'fwd=uri-miss; fwd-status=429; detail=spotify-rate-limited'],
    [
      { forward: forward({ status: undefined, stored: false }), failure },
      'fwd=uri-miss; detail=spotify-rate-limited',
    ],
    [{ failure: new Problem('not-stored', 'nothing') }, 'detail=not-stored'],
  ] as const) {
    t.equal(cacheStatus(lookup, NOW), `playlist-proxy; ${field}`)
  }
})

t.test('Age is a whole number of seconds and never negative', async t => {
  for (const [ageMs, seconds] of [
    [0, 0],
    [999, 0],
    [1000, 1],
    [61_500, 61],
    [-5000, 0],
  ] as const) {
    t.equal(age(response(ageMs), NOW), seconds)
  }
})

t.test('Cache-Control contains the full lifetime at any age', async t => {
  const whole = 'public, max-age=300, stale-while-revalidate=3600, stale-if-error=43200'
  t.equal(cacheControl(response(0), 'public'), whole)
  t.equal(cacheControl(response(200_000), 'public'), whole)
  const negative = { freshSeconds: 60, staleWhileRevalidateSeconds: 0, staleIfErrorSeconds: 0 }
  t.equal(cacheControl(response(0, negative), 'public'), 'public, max-age=60')
  t.equal(cacheControl(response(0, negative), 'private'), 'private, max-age=60')
})
