import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { gunzipped } from '../../src/lib/gunzip.ts'

const AT_ONCE = 256 * 1024
const MAX_BYTES = 2 * AT_ONCE

/** Changes the stated length of the decoded data. */
function stating(length: number, packed: Buffer): Buffer {
  const copy = Buffer.from(packed)
  copy.writeUInt32LE(length, packed.length - 4)
  return copy
}

const codeOf = (error: NodeJS.ErrnoException) => error.code

t.test('gzip data of any size is decoded', async t => {
  for (const length of [0, 1, 63, 64, 65, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, MAX_BYTES]) {
    const bytes = randomBytes(length)
    t.ok(bytes.equals(await gunzipped(gzipSync(bytes), MAX_BYTES)), `${length} bytes`)
  }
})

t.test('short gzip data is decoded synchronously, and long data is not', async t => {
  const emptyMember = gzipSync('')
  const manyMembers = Buffer.concat(
    Array(Math.ceil(AT_ONCE / emptyMember.length) + 1).fill(emptyMember),
  )
  for (const [name, packed, expected] of [
    ['short', gzipSync(Buffer.alloc(AT_ONCE)), ['decoded', 'next tick']],
    ['long', gzipSync(Buffer.alloc(AT_ONCE + 1)), ['next tick', 'decoded']],
    ['long before it is decoded', manyMembers, ['next tick', 'decoded']],
  ] as const) {
    const events: string[] = []
    const tick = new Promise<void>(resolve =>
      setImmediate(() => {
        events.push('next tick')
        resolve()
      }),
    )
    const decoded = gunzipped(packed, MAX_BYTES)
    await Promise.all([tick, decoded.then(() => events.push('decoded'))])
    t.same(events, expected, name)
  }
})

t.test('gzip data above the limit is refused, whatever length it states', async t => {
  for (const bound of [100, MAX_BYTES]) {
    const larger = gzipSync(Buffer.alloc(bound + 1))
    t.equal(await gunzipped(larger, bound).catch(codeOf), 'ERR_BUFFER_TOO_LARGE')
    for (const length of [0, 50, 2 ** 32 - 1]) {
      const code = await gunzipped(stating(length, larger), bound).catch(codeOf)
      t.match(code, /^(?:ERR_BUFFER_TOO_LARGE|Z_DATA_ERROR)$/, `${length}`)
    }
  }
})

t.test('every member in a gzip file is decoded', async t => {
  const [first, second] = [randomBytes(AT_ONCE), randomBytes(10)]
  const packed = Buffer.concat([gzipSync(first), gzipSync(second)])
  t.ok(Buffer.concat([first, second]).equals(await gunzipped(packed, MAX_BYTES)))
})

t.test('malformed or truncated gzip data, or a wrong length, is an error', async t => {
  const packed = gzipSync('some words')
  for (const [name, bytes, code] of [
    ['nothing', Buffer.alloc(0), 'Z_BUF_ERROR'],
    ['less than a length', Buffer.from('abc'), 'Z_DATA_ERROR'],
    ['not gzip', Buffer.from('no gzip at all'), 'Z_DATA_ERROR'],
    ['truncated', packed.subarray(0, -9), 'Z_BUF_ERROR'],
    ['too short', stating(3, packed), 'Z_DATA_ERROR'],
    ['too long', stating(300, packed), 'Z_DATA_ERROR'],
  ] as const) {
    t.equal(await gunzipped(bytes, MAX_BYTES).catch(codeOf), code, name)
  }
})
