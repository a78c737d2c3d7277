import t from 'tap'
import { NO_DIRECTIVES, requestDirectives } from '../../src/cache/request-directives.ts'

const rows: [field: string | undefined, expected: Partial<typeof NO_DIRECTIVES>][] = [
  [undefined, {}],
  ['', {}],
  ['no-cache', { noCache: true }],
  ['No-Cache', { noCache: true }],
  ['only-if-cached', { onlyIfCached: true }],
  ['max-age=0', { maxAge: 0 }],
  ['max-age="60"', { maxAge: 60 }],
  ['MAX-AGE=60', { maxAge: 60 }],
  ['max-stale', { maxStale: Number.POSITIVE_INFINITY }],
  ['max-stale=30', { maxStale: 30 }],
  ['max-stale, max-stale=30', { maxStale: 30 }],
  [' max-age=60 ,\tonly-if-cached ', { maxAge: 60, onlyIfCached: true }],
  ['max-age=60, max-age=5, max-age=20', { maxAge: 5 }],
  ['max-age=99999999999999999999', { maxAge: 1e20 }],
  ['ext="no-cache, only-if-cached", max-age=1', { maxAge: 1 }],
  ['no-store, min-fresh=5, unknown, other=7', {}],
  ['max-age', {}],
  ['max-age=', {}],
  ['max-age=-1', {}],
  ['max-age=1.5', {}],
  ['max-age=soon, no-cache', { noCache: true }],
  ['max-age = 5', {}],
  ['no cache', {}],
  [',,;,"', {}],
]

t.test("requestDirectives parses a request's Cache-Control field", async t => {
  for (const [field, expected] of rows) {
    t.strictSame(requestDirectives(field), { ...NO_DIRECTIVES, ...expected }, String(field))
  }
})

t.test('parsing a long malformed field takes linear time', async t => {
  const field = `${'max-age="'.repeat(1000)}${',"'.repeat(3000)}${' '.repeat(3000)}x=`
  t.strictSame(requestDirectives(field), NO_DIRECTIVES)
})
