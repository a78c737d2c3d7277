import { setImmediate as nextTask } from 'node:timers/promises'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { CompressionQueue, codingFor } from '../../../src/http/representation/compression.ts'
import { failureOf } from '../../support/failure-of.ts'

const decoders = { gzip: promisify(gunzip), br: promisify(brotliDecompress) }
const connected = new AbortController().signal
const MIB = 1024 * 1024

t.test('a compressed body decodes to the original and holds no other memory', async t => {
  const queue = new CompressionQueue()
  const parts = fc.array(fc.uint8Array({ maxLength: 3000 }).map(bytes => Buffer.from(bytes)))
  for (const coding of ['gzip', 'br'] as const) {
    await fc.assert(
      fc.asyncProperty(parts, async parts => {
        const compressed = await queue.compress(parts, 0, coding, connected)
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

t.test('short bodies stay uncompressed, and only long bodies use brotli', async t => {
  for (const [bytes, accepted, coding] of [
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
    t.equal(codingFor(bytes, accepted), coding, `${bytes} bytes, ${accepted}`)
  }
})

t.test('two bodies are compressed at once, and another 4 MiB can wait', async t => {
  const queue = new CompressionQueue()
  const started: string[] = []
  let release = () => {}
  const held = new Promise<void>(resolve => (release = resolve))
  async function* body(name: string) {
    started.push(name)
    await held
    yield Buffer.alloc(1000)
  }
  const compress = (name: string, bytes: number) =>
    queue.compress(body(name) as never, bytes, 'gzip', connected)
  t.ok(queue.hasRoomFor(100 * MIB), 'the queue is empty')
  const first = compress('first', 100 * MIB)
  t.ok(queue.hasRoomFor(100 * MIB))
  const second = compress('second', 100 * MIB)
  t.ok(queue.hasRoomFor(4 * MIB))
  t.notOk(queue.hasRoomFor(4 * MIB + 1))
  const third = compress('third', 3 * MIB)
  t.ok(queue.hasRoomFor(MIB))
  t.notOk(queue.hasRoomFor(MIB + 1))
  const fourth = compress('fourth', MIB)
  t.notOk(queue.hasRoomFor(1))
  for (let task = 0; task < 20; task++) await nextTask()
  t.same(started, ['first', 'second'])
  release()
  await Promise.all([first, second, third, fourth])
  t.same(started, ['first', 'second', 'third', 'fourth'])
  t.ok(queue.hasRoomFor(100 * MIB))
})

t.test('a cancelled compression stops, or never starts if it was queued', async t => {
  const queue = new CompressionQueue()
  const read: string[] = []
  /** A body that records each read of a part by name. */
  const body = (name: string, parts: number) => ({
    *[Symbol.iterator]() {
      for (let part = 0; part < parts; part++) {
        read.push(name)
        yield Buffer.alloc(MIB, part)
      }
    },
  })
  const start = (name: string, parts = 1000) => {
    const caller = new AbortController()
    const made = queue.compress(body(name, parts) as never, MIB, 'br', caller.signal)
    return { caller, failure: failureOf(made), made }
  }
  const [first, second, third, fourth] = [start('a'), start('b'), start('c'), start('d', 1)]
  third.caller.abort()
  t.match(await third.failure, { name: 'AbortError' })
  first.caller.abort()
  t.match(await first.failure, { name: 'AbortError' })
  t.ok(await fourth.made, 'a cancelled compression frees its slot')
  second.caller.abort()
  t.match(await second.failure, { name: 'AbortError' })
  t.ok(queue.hasRoomFor(100 * MIB))
  t.notOk(read.includes('c'))
  t.ok(read.length < 500, `${read.length} parts were read`)
})
