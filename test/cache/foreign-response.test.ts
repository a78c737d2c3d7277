import fc from 'fast-check'
import t from 'tap'
import { capLifetimes, isPlausible } from '../../src/cache/foreign-response.ts'
import { stored } from '../../src/cache/freshness.ts'
import { cacheControl } from '../../src/cache/response-fields.ts'

const NOW = Date.UTC(2026, 10, 23)
const LONGEST = {
  freshSeconds: 300,
  staleWhileRevalidateSeconds: 3600,
  staleIfErrorSeconds: 43_200,
}

const response = (changes: object = {}) => ({ ...stored('body', NOW, LONGEST), ...changes })

t.test('a response from this process is plausible and keeps its lifetimes', async t => {
  t.ok(isPlausible(response(), NOW))
  t.same(capLifetimes(response(), LONGEST), response())
})

t.test('a response from a clock over one minute ahead is not plausible', async t => {
  for (const [aheadMs, isFine] of [
    [59_999, true],
    [60_000, true],
    [60_001, false],
    [3_600_000, false],
    [-3_600_000, true],
  ] as const) {
    t.equal(isPlausible(response({ generatedAt: NOW + aheadMs }), NOW), isFine, `${aheadMs}`)
  }
})

t.test('a response with an instant outside the safe integers is not plausible', async t => {
  for (const name of Object.keys(response()).filter(name => name !== 'body')) {
    for (const value of [1.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY, '1', null, undefined]) {
      t.notOk(isPlausible(response({ [name]: value }), NOW), `${name}: ${value}`)
    }
  }
})

t.test("lifetimes are capped at this process's own, each from the end of freshness", async t => {
  const theirs = stored('body', NOW, {
    freshSeconds: 600,
    staleWhileRevalidateSeconds: 60,
    staleIfErrorSeconds: 86_400,
  })
  t.same(capLifetimes(theirs, LONGEST), {
    body: 'body',
    generatedAt: NOW,
    freshUntil: NOW + 300_000,
    staleWhileRevalidateUntil: NOW + 360_000,
    staleIfErrorUntil: NOW + 43_500_000,
  })
})

t.test('capped lifetimes are whole seconds within the limit', async () => {
  const instant = fc.oneof(
    fc.maxSafeInteger(),
    fc.integer({ min: -100_000_000, max: 100_000_000 }).map(ms => NOW + ms),
    fc.constantFrom(-1, 0, Date.UTC(2099, 0)),
  )
  const names = ['freshUntil', 'staleWhileRevalidateUntil', 'staleIfErrorUntil'] as const
  fc.assert(
    fc.property(instant, instant, instant, instant, (generatedAt, ...untils) => {
      const given = { body: 'body', generatedAt }
      const theirs = { ...given, ...Object.fromEntries(names.map((name, n) => [name, untils[n]])) }
      const capped = capLifetimes(theirs as ReturnType<typeof response>, LONGEST)
      const most = stored('body', generatedAt, LONGEST)
      for (const name of names) {
        if (capped[name] < generatedAt || capped[name] > most[name]) throw new Error(name)
      }
      // Above 2^53, numbers cannot express single milliseconds; isPlausible rejects them.
      if (!isPlausible(capped, NOW)) return
      if (!/^public, max-age=\d+(?:, stale-[a-z-]+=\d+)*$/.test(cacheControl(capped, 'public'))) {
        throw new Error(cacheControl(capped, 'public'))
      }
    }),
  )
})
