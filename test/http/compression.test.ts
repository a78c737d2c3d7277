import { promisify } from 'node:util'
import { brotliDecompress, gunzip } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { codingFor, compress } from '../../src/http/compression.ts'

const decoders = { gzip: promisify(gunzip), br: promisify(brotliDecompress) }

t.test('what is compressed comes back, and holds only the memory that it needs', async t => {
  const parts = fc.array(fc.uint8Array({ maxLength: 3000 }).map(bytes => Buffer.from(bytes)))
  for (const coding of ['gzip', 'br'] as const) {
    await fc.assert(
      fc.asyncProperty(parts, async parts => {
        const compressed = await compress(parts, coding)
        const decoded = await decoders[coding](compressed)
        return (
          decoded.equals(Buffer.concat(parts)) && compressed.buffer.byteLength === compressed.length
        )
      }),
      { numRuns: 30 },
    )
    t.pass(coding)
  }
})

t.test('a short body stays as it is, and brotli waits for one where it pays', async t => {
  for (const [bytes, welcome, coding] of [
    [1023, ['br', 'gzip', 'identity'], 'identity'],
    [1024, ['br', 'gzip', 'identity'], 'gzip'],
    [1025, ['gzip', 'identity'], 'gzip'],
    [16_383, ['br', 'gzip', 'identity'], 'gzip'],
    [16_384, ['br', 'gzip', 'identity'], 'br'],
    [16_384, ['gzip', 'br', 'identity'], 'gzip'],
    [16_383, ['br', 'identity'], 'identity'],
    [100_000, ['identity', 'gzip'], 'identity'],
    [10, ['gzip'], 'gzip'],
    [10, ['br', 'gzip'], 'br'],
  ] as const) {
    t.equal(codingFor(bytes, welcome), coding, `${bytes} bytes, ${welcome}`)
  }
})
