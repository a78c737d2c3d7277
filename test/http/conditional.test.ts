import t from 'tap'
import { isNotModified } from '../../src/http/send.ts'

const ETAG = '"abc"'
const MODIFIED_AT = Date.UTC(2026, 10, 23, 8, 0, 0, 400)
const modified = 'Mon, 23 Nov 2026 08:00:00 GMT'
const before = 'Mon, 23 Nov 2026 07:59:59 GMT'
const after = 'Mon, 23 Nov 2026 08:00:01 GMT'

t.test('If-None-Match is a list of tags, compared weakly', async t => {
  for (const [field, expected] of [
    ['"abc"', true],
    ['W/"abc"', true],
    ['*', true],
    [' * ', true],
    ['"x", "abc"', true],
    ['"x","y",W/"abc" , "z"', true],
    ['"a,b", "abc"', true],
    ['"x"', false],
    ['"abcd"', false],
    ['"x, "abc', false],
    ['abc', false],
    ['', false],
    ['"ABC"', false],
    ['w/"abc"x', true],
  ] as const) {
    t.equal(
      isNotModified({ 'if-none-match': field }, ETAG, { modifiedAt: MODIFIED_AT }),
      expected,
      field,
    )
  }
})

t.test('If-Modified-Since has whole seconds, in any HTTP date format', async t => {
  for (const [field, expected] of [
    [modified, true],
    [after, true],
    [before, false],
    ['Monday, 23-Nov-26 08:00:00 GMT', true],
    ['Monday, 23-Nov-26 07:59:59 GMT', false],
    ['Mon Nov 23 08:00:00 2026', true],
    ['Mon Nov 23 07:59:59 2026', false],
    ['2026-11-23T08:00:01Z', false],
    ['Mon, 23 Nov 2026 08:00:01', false],
    ['Mon, 99 Nov 2026 08:00:01 GMT', false],
    ['tomorrow', false],
    ['', false],
  ] as const) {
    t.equal(
      isNotModified({ 'if-modified-since': field }, ETAG, { modifiedAt: MODIFIED_AT }),
      expected,
      field,
    )
  }
  t.equal(isNotModified({}, ETAG, { modifiedAt: MODIFIED_AT }), false)
  t.equal(isNotModified({ 'if-modified-since': after }, ETAG, undefined), false)
})

t.test('If-None-Match overrides If-Modified-Since', async t => {
  const headers = { 'if-none-match': '"x"', 'if-modified-since': after }
  t.equal(isNotModified(headers, ETAG, { modifiedAt: MODIFIED_AT }), false)
})
