import fc from 'fast-check'
import Negotiator from 'negotiator'
import t from 'tap'
import { prefersHtml } from '../../../src/http/accept.ts'
import { CODINGS } from '../../../src/http/representation/compression.ts'
import { FORMATS, MEDIA_TYPES } from '../../../src/http/representation/formats.ts'
import { negotiateCodings, negotiateFormat } from '../../../src/http/representation/negotiation.ts'

t.test('Accept selects the format by weight and parameters', async t => {
  for (const [accept, format] of [
    [undefined, 'json'],
    ['*/*', 'json'],
    ['', 'json'],
    ['text/csv', 'csv'],
    ['TEXT/CSV', 'csv'],
    ['application/x-ndjson', 'ndjson'],
    ['application/x-ndjson; charset=utf-8', 'ndjson'],
    ['text/*', 'text'],
    ['text/*, text/plain;q=0.1', 'csv'],
    ['text/csv;q=0.9, application/x-ndjson', 'ndjson'],
    ['application/json;q=0, */*', 'text'],
    ['text/html, */*;q=0.1', 'html'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
    ['text/html;q=0.5, application/json', 'json'],
    ['text/html;q=0.9, */*', 'json'],
  ] as const) {
    t.equal(negotiateFormat(undefined, accept), format, String(accept))
    t.equal(negotiateFormat(undefined, accept), format, 'again, from the cache')
  }
})

t.test(
  'an Accept without a supported format is refused, unless the query names a format',
  async t => {
    for (const accept of ['image/png', 'application/json;q=0', 'nonsense', '*/*;q=0']) {
      const refused = { type: 'not-acceptable', message: /text\/csv/ }
      t.throws(() => negotiateFormat(undefined, accept), refused, accept)
      t.throws(() => negotiateFormat(undefined, accept), refused, 'remembered')
      for (const format of FORMATS) t.equal(negotiateFormat(format, accept), format)
    }
  },
)

t.test('Accept-Encoding selects the codings, the best first', async t => {
  for (const [field, codings] of [
    [undefined, ['identity']],
    ['', ['identity']],
    ['gzip', ['gzip', 'identity']],
    ['GZip', ['gzip', 'identity']],
    ['gzip, deflate, br', ['br', 'gzip', 'identity']],
    ['gzip, deflate, br, zstd', ['br', 'gzip', 'identity']],
    ['br;q=0.5, gzip', ['gzip', 'br', 'identity']],
    ['gzip;q=0', ['identity']],
    ['*', ['br', 'gzip', 'identity']],
    ['*;q=0.5, gzip', ['gzip', 'br', 'identity']],
    ['identity', ['identity']],
    ['gzip, identity;q=0', ['gzip']],
    ['gzip, *;q=0', ['gzip']],
    ['deflate', ['identity']],
    ['zstd;q=1, gzip;q=0.001', ['gzip', 'identity']],
  ] as const) {
    t.same(negotiateCodings(field), codings, String(field))
    t.same(negotiateCodings(field), codings, 'again, from the cache')
  }
  for (const field of ['identity;q=0', '*;q=0', 'deflate, identity;q=0']) {
    t.throws(() => negotiateCodings(field), { type: 'not-acceptable', message: /gzip/ }, field)
  }
})

t.test('a field over 1024 characters or 50 entries is refused before it is parsed', async t => {
  const padded = (value: string, length: number) => value + ' '.repeat(length - value.length)
  const repeated = (value: string, times: number) => Array(times).fill(value).join(',')
  for (const [negotiate, value, result] of [
    [(field: string) => negotiateFormat(undefined, field), 'text/csv', 'csv'],
    [negotiateCodings, 'gzip', ['gzip', 'identity']],
    [prefersHtml, 'text/html', true],
  ] as const) {
    t.same(negotiate(padded(value, 1024)), result)
    t.same(negotiate(repeated(value, 50)), result)
    for (const field of [padded(value, 1025), repeated(value, 51), repeated('', 51)]) {
      const refused = { type: 'headers-too-large', message: /^Header "Accept(?:-Encoding)?": / }
      t.throws(() => negotiate(field), refused, `${field.length} characters`)
    }
  }
  t.equal(negotiateFormat('csv', 'x'.repeat(9000)), 'csv', 'unless the query names a format')
})

const weight = fc.option(fc.constantFrom('0', '0.001', '0.5', '0.9', '1'), { nil: undefined })
const range = (names: readonly string[]) =>
  fc
    .tuple(fc.constantFrom(...names), weight)
    .map(([name, q]) => (q === undefined ? name : `${name};q=${q}`))
const field = (names: readonly string[]) =>
  fc.array(range(names), { minLength: 1, maxLength: 5 }).map(ranges => ranges.join(', '))

/** Whether a field accepts a value, by precedence. */
const accepts = (header: 'accept' | 'accept-encoding', value: string, name: string): boolean => {
  const negotiator = new Negotiator({ headers: { [header]: value } })
  const found = header === 'accept' ? negotiator.mediaTypes([name]) : negotiator.encodings([name])
  return found.length > 0
}

const types = [...Object.values(MEDIA_TYPES), 'text/*', 'application/*', '*/*', 'image/png']

t.test('the selected format is always acceptable, and a refusal means no format is', async t => {
  fc.assert(
    fc.property(field(types), value => {
      const accepted = FORMATS.filter(format => accepts('accept', value, MEDIA_TYPES[format]))
      try {
        return accepted.includes(negotiateFormat(undefined, value))
      } catch {
        return accepted.length === 0
      }
    }),
  )
  fc.assert(
    fc.property(field([...CODINGS, '*', 'deflate']), value => {
      const accepted = CODINGS.filter(coding => accepts('accept-encoding', value, coding))
      try {
        return negotiateCodings(value).toSorted().join() === [...accepted].sort().join()
      } catch {
        return accepted.length === 0
      }
    }),
  )
  t.pass('for every field')
})

t.test('no field causes an internal error', async t => {
  fc.assert(
    fc.property(fc.string(), value => {
      for (const negotiate of [
        () => negotiateFormat(undefined, value),
        () => negotiateCodings(value),
      ]) {
        try {
          negotiate()
        } catch (error) {
          if ((error as { type?: string }).type !== 'not-acceptable') throw error
        }
      }
    }),
  )
  t.pass('for every text')
})
