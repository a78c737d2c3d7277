import { gzipSync } from 'node:zlib'
import t from 'tap'
import { responseText } from '../../src/spotify/response-text.ts'
import { failureOf } from '../support/failure-of.ts'

const TEXT = '{"name":"été"}'
const read = (body: Uint8Array, coding?: string | string[]) => responseText(body, coding, 1000)

t.test('gzip is decoded under both names, and identity is ignored', async t => {
  for (const coding of [
    'gzip',
    'x-gzip',
    'GZIP',
    'X-Gzip',
    ' gzip ',
    '\tx-gzip',
    'gzip, identity',
    'identity,gzip',
    ', gzip ,',
    ['gzip'],
    ['identity', 'gzip'],
  ]) {
    t.equal(await read(gzipSync(TEXT), coding), TEXT, JSON.stringify(coding))
  }
  for (const coding of [undefined, '', ' ', 'identity', 'Identity', 'identity, identity', []]) {
    t.equal(await read(Buffer.from(TEXT), coding), TEXT, JSON.stringify(coding))
  }
})

t.test('any content coding except gzip is a bad response', async t => {
  for (const coding of ['br', 'deflate', 'zstd', 'gzip, gzip', 'br, gzip', 'gzip;q=1', 'xgzip']) {
    const failure = await failureOf(read(gzipSync(gzipSync(TEXT)), coding))
    t.match(failure, { type: 'spotify-bad-response', transient: false }, coding)
  }
})

t.test('an empty body with any content coding is an empty text', async t => {
  for (const coding of [undefined, 'gzip', 'x-gzip', 'br']) {
    t.equal(await read(Buffer.alloc(0), coding), '', String(coding))
  }
})

t.test('only a single byte order mark, at the start of a body, is removed', async t => {
  t.equal(await read(Buffer.from(`\uFEFF${TEXT}`)), TEXT)
  t.equal(await read(gzipSync(`\uFEFF${TEXT}`), 'gzip'), TEXT)
  t.equal(await read(Buffer.from(`{"name":"\uFEFF"}`)), `{"name":"\uFEFF"}`)
  t.equal(await read(Buffer.from(`\uFEFF\uFEFF${TEXT}`)), `\uFEFF${TEXT}`)
  t.equal(await read(Buffer.from('\uFEFF')), '')
})
