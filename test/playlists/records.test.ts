import fc from 'fast-check'
import t from 'tap'
import { type Chunk, chunkOf, Records, without } from '../../src/playlists/records.ts'

const SEPARATOR = ','
/** What is counted for a chunk beside its bytes and its 4 bytes a record. */
const CHUNK_OVERHEAD = 500

const recordsOf = (...pages: string[][]) => new Records(pages.map(page => chunkOf(page, SEPARATOR)))

const textOf = (buffers: Buffer[]) => Buffer.concat(buffers).toString()

/** Strings of one to four bytes a character, the empty one included. */
const record = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }))
const page = fc.array(record, { maxLength: 8 })
const pages = fc.array(page, { maxLength: 6 })

function ownsItsMemory({ bytes }: Chunk): boolean {
  return bytes.buffer.byteLength === bytes.length
}

t.test('Records are laid end to end, each with its separator', async t => {
  const { bytes, ends } = chunkOf(['one', '', 'three'], SEPARATOR)
  t.equal(bytes.toString(), 'one,,three,')
  t.strictSame([...ends], [4, 5, 11])
})

t.test('Ends are counted in bytes, not in characters', async t => {
  const { bytes, ends } = chunkOf(['ñ', '日本', '🎵'], '\r\n')
  t.equal(bytes.toString(), 'ñ\r\n日本\r\n🎵\r\n')
  t.strictSame([...ends], [4, 12, 18])
})

t.test('A chunk owns exactly the memory that it needs, also when it is small', async t => {
  for (const records of [[], [''], ['a'], ['ñ', '🎵'], ['x'.repeat(100_000)]]) {
    const chunk = chunkOf(records, SEPARATOR)
    t.ok(ownsItsMemory(chunk), `${records.length} records`)
    t.ok(ownsItsMemory(without(chunk, new Set([0]))), 'also without one of them')
  }
})

t.test('Dropping records closes the gaps', async t => {
  const chunk = chunkOf(['a', 'ñ', 'ccc', ''], SEPARATOR)
  for (const [dropped, text, ends] of [
    [[], 'a,ñ,ccc,,', [2, 5, 9, 10]],
    [[0], 'ñ,ccc,,', [3, 7, 8]],
    [[1], 'a,ccc,,', [2, 6, 7]],
    [[3], 'a,ñ,ccc,', [2, 5, 9]],
    [[0, 2], 'ñ,,', [3, 4]],
    [[0, 1, 2, 3], '', []],
    [[-1, 4, 99], 'a,ñ,ccc,,', [2, 5, 9, 10]],
  ] as const) {
    const rest = without(chunk, new Set(dropped))
    t.equal(rest.bytes.toString(), text, `without ${dropped}`)
    t.strictSame([...rest.ends], ends)
  }
  t.equal(chunk.bytes.toString(), 'a,ñ,ccc,,', 'the chunk itself stays as it was')
})

t.test('Dropping records gives the same as never having had them', async t => {
  const property = fc.property(page, fc.array(fc.nat({ max: 8 })), (texts, positions) => {
    const dropped = new Set(positions)
    const rest = without(chunkOf(texts, SEPARATOR), dropped)
    const expected = chunkOf(
      texts.filter((_, index) => !dropped.has(index)),
      SEPARATOR,
    )
    return (
      rest.bytes.equals(expected.bytes) &&
      Buffer.from(rest.ends.buffer).equals(Buffer.from(expected.ends.buffer)) &&
      ownsItsMemory(rest)
    )
  })
  t.doesNotThrow(() => fc.assert(property))
})

t.test('A window holds the records from its first up to, not including, its end', async t => {
  const records = recordsOf(['a', 'b', 'c'], ['d'], [], ['e', 'f'])
  t.equal(records.length, 6)
  for (const [from, to, text] of [
    [0, 6, 'a,b,c,d,e,f,'],
    [0, 1, 'a,'],
    [0, 2, 'a,b,'],
    [0, 3, 'a,b,c,'],
    [0, 4, 'a,b,c,d,'],
    [2, 3, 'c,'],
    [2, 4, 'c,d,'],
    [3, 4, 'd,'],
    [3, 5, 'd,e,'],
    [4, 6, 'e,f,'],
    [5, 6, 'f,'],
    [1, 5, 'b,c,d,e,'],
    [0, 0, ''],
    [3, 3, ''],
    [6, 6, ''],
    [5, 7, 'f,'],
    [6, 7, ''],
    [0, Number.MAX_SAFE_INTEGER, 'a,b,c,d,e,f,'],
  ] as const) {
    t.equal(textOf(records.window(from, to)), text, `${from} to ${to}`)
  }
})

t.test('A window touches no chunk that it does not need and copies nothing', async t => {
  const chunks = [chunkOf(['a', 'b'], SEPARATOR), chunkOf(['c'], SEPARATOR)]
  const records = new Records(chunks)
  t.equal(records.window(0, 3).length, 2)
  t.equal(records.window(0, 2).length, 1)
  t.equal(records.window(2, 3).length, 1)
  t.equal(records.window(2, 2).length, 0)
  for (const [index, buffer] of records.window(1, 3).entries()) {
    t.equal(buffer.buffer, chunks[index]?.bytes.buffer, 'a view of the chunk')
  }
})

t.test('Windows joined at any cut points are the whole', async t => {
  const cuts = fc.array(fc.nat({ max: 50 }))
  const property = fc.property(pages, cuts, (texts, inner) => {
    const records = recordsOf(...texts)
    const all = texts.flat().map(text => text + SEPARATOR)
    const edges = [0, ...inner.filter(cut => cut <= records.length), records.length]
    edges.sort((a, b) => a - b)
    const parts = edges
      .slice(1)
      .map((to, index) => Buffer.concat(records.window(edges[index] as number, to)))
    return records.length === all.length && Buffer.concat(parts).equals(Buffer.from(all.join('')))
  })
  t.doesNotThrow(() => fc.assert(property))
})

t.test('The texts come back chunk by chunk, without their separators', async t => {
  for (const separator of [',', '\r\n']) {
    const chunks = [['a', 'ñ,\r\n'], [], ['', '🎵']].map(texts => chunkOf(texts, separator))
    t.strictSame(
      [...new Records(chunks).texts(separator)],
      [
        ['a', 'ñ,\r\n'],
        ['', '🎵'],
      ],
    )
  }
})

t.test('Texts are given back as they were laid down, whatever they hold', async t => {
  const property = fc.property(pages, texts => {
    const given = [...recordsOf(...texts).texts(SEPARATOR)]
    return JSON.stringify(given) === JSON.stringify(texts.filter(page => page.length > 0))
  })
  t.doesNotThrow(() => fc.assert(property))
})

t.test('The memory counted is all bytes, the ends and the overhead of each chunk', async t => {
  t.equal(recordsOf(['a', 'ñ']).heldBytes, 5 + 2 * 4 + CHUNK_OVERHEAD)
  t.equal(recordsOf(['a'], ['b'], ['']).heldBytes, 5 + 3 * 4 + 3 * CHUNK_OVERHEAD)
  t.equal(recordsOf([], ['a'], []).heldBytes, 2 + 4 + CHUNK_OVERHEAD, 'empty chunks are not kept')
})

t.test('No records at all are an empty list that holds nothing', async t => {
  for (const records of [new Records([]), recordsOf([], [])]) {
    t.equal(records.length, 0)
    t.equal(records.heldBytes, 0)
    t.strictSame(records.window(0, 10), [])
    t.strictSame([...records.texts(SEPARATOR)], [])
  }
})
