import fc from 'fast-check'
import t from 'tap'
import {
  type Segment,
  SerialisedItems,
  segmentOf,
  without,
} from '../../src/playlists/serialised-items.ts'

const SEPARATOR = ','
/** Size of a segment without its bytes and the 4 bytes per item. */
const SEGMENT_OVERHEAD = 500

const itemsOf = (...pages: string[][]) =>
  new SerialisedItems(pages.map(page => segmentOf(page, SEPARATOR)))

const textOf = (buffers: Buffer[]) => Buffer.concat(buffers).toString()

/** Strings with one to four bytes per character, including the empty string. */
const item = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }))
const page = fc.array(item, { maxLength: 8 })
const pages = fc.array(page, { maxLength: 6 })

function ownsItsMemory({ bytes }: Segment): boolean {
  return bytes.buffer.byteLength === bytes.length
}

t.test('segmentOf joins items, each with a separator', async t => {
  const { bytes, offsets } = segmentOf(['one', '', 'three'], SEPARATOR)
  t.equal(bytes.toString(), 'one,,three,')
  t.strictSame([...offsets], [4, 5, 11])
})

t.test('offsets count bytes, not characters', async t => {
  const { bytes, offsets } = segmentOf(['ñ', '日本', '🎵'], '\r\n')
  t.equal(bytes.toString(), 'ñ\r\n日本\r\n🎵\r\n')
  t.strictSame([...offsets], [4, 12, 18])
})

t.test('a segment owns exactly the memory it needs', async t => {
  for (const items of [[], [''], ['a'], ['ñ', '🎵'], ['x'.repeat(100_000)]]) {
    const segment = segmentOf(items, SEPARATOR)
    t.ok(ownsItsMemory(segment), `${items.length} items`)
    t.ok(ownsItsMemory(without(segment, new Set([0]))), 'without the first item')
  }
})

t.test('without() leaves no gaps', async t => {
  const segment = segmentOf(['a', 'ñ', 'ccc', ''], SEPARATOR)
  for (const [dropped, text, offsets] of [
    [[], 'a,ñ,ccc,,', [2, 5, 9, 10]],
    [[0], 'ñ,ccc,,', [3, 7, 8]],
    [[1], 'a,ccc,,', [2, 6, 7]],
    [[3], 'a,ñ,ccc,', [2, 5, 9]],
    [[0, 2], 'ñ,,', [3, 4]],
    [[0, 1, 2, 3], '', []],
    [[-1, 4, 99], 'a,ñ,ccc,,', [2, 5, 9, 10]],
  ] as const) {
    const rest = without(segment, new Set(dropped))
    t.equal(rest.bytes.toString(), text, `without ${dropped}`)
    t.strictSame([...rest.offsets], offsets)
  }
  t.equal(segment.bytes.toString(), 'a,ñ,ccc,,', 'the segment itself is unchanged')
})

t.test('without() returns a segment with the remaining items', async t => {
  const property = fc.property(page, fc.array(fc.nat({ max: 8 })), (texts, positions) => {
    const dropped = new Set(positions)
    const rest = without(segmentOf(texts, SEPARATOR), dropped)
    const expected = segmentOf(
      texts.filter((_, index) => !dropped.has(index)),
      SEPARATOR,
    )
    return (
      rest.bytes.equals(expected.bytes) &&
      Buffer.from(rest.offsets.buffer).equals(Buffer.from(expected.offsets.buffer)) &&
      ownsItsMemory(rest)
    )
  })
  t.doesNotThrow(() => fc.assert(property))
})

t.test('a window contains the items from the start up to the end', async t => {
  const items = itemsOf(['a', 'b', 'c'], ['d'], [], ['e', 'f'])
  t.equal(items.length, 6)
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
    t.equal(textOf(items.window(from, to)), text, `${from} to ${to}`)
  }
})

t.test('a window copies nothing and omits other segments', async t => {
  const segments = [segmentOf(['a', 'b'], SEPARATOR), segmentOf(['c'], SEPARATOR)]
  const items = new SerialisedItems(segments)
  t.equal(items.window(0, 3).length, 2)
  t.equal(items.window(0, 2).length, 1)
  t.equal(items.window(2, 3).length, 1)
  t.equal(items.window(2, 2).length, 0)
  for (const [index, buffer] of items.window(1, 3).entries()) {
    t.equal(buffer.buffer, segments[index]?.bytes.buffer, 'a view of the segment')
  }
})

t.test('windows cut at any points join to the whole list', async t => {
  const cuts = fc.array(fc.nat({ max: 50 }))
  const property = fc.property(pages, cuts, (texts, inner) => {
    const items = itemsOf(...texts)
    const all = texts.flat().map(text => text + SEPARATOR)
    const edges = [0, ...inner.filter(cut => cut <= items.length), items.length]
    edges.sort((a, b) => a - b)
    const parts = edges
      .slice(1)
      .map((to, index) => Buffer.concat(items.window(edges[index] as number, to)))
    return items.length === all.length && Buffer.concat(parts).equals(Buffer.from(all.join('')))
  })
  t.doesNotThrow(() => fc.assert(property))
})

t.test('texts yields items segment by segment, without separators', async t => {
  for (const separator of [',', '\r\n']) {
    const segments = [['a', 'ñ,\r\n'], [], ['', '🎵']].map(texts => segmentOf(texts, separator))
    t.strictSame(
      [...new SerialisedItems(segments).texts(separator)],
      [
        ['a', 'ñ,\r\n'],
        ['', '🎵'],
      ],
    )
  }
})

t.test('texts yields any items unchanged', async t => {
  const property = fc.property(pages, texts => {
    const given = [...itemsOf(...texts).texts(SEPARATOR)]
    return JSON.stringify(given) === JSON.stringify(texts.filter(page => page.length > 0))
  })
  t.doesNotThrow(() => fc.assert(property))
})

t.test("heldBytes counts each segment's bytes, offsets and overhead", async t => {
  t.equal(itemsOf(['a', 'ñ']).heldBytes, 5 + 2 * 4 + SEGMENT_OVERHEAD)
  t.equal(itemsOf(['a'], ['b'], ['']).heldBytes, 5 + 3 * 4 + 3 * SEGMENT_OVERHEAD)
  t.equal(itemsOf([], ['a'], []).heldBytes, 2 + 4 + SEGMENT_OVERHEAD, 'empty segments are dropped')
})

t.test('a list without items is empty and holds no memory', async t => {
  for (const items of [new SerialisedItems([]), itemsOf([], [])]) {
    t.equal(items.length, 0)
    t.equal(items.heldBytes, 0)
    t.strictSame(items.window(0, 10), [])
    t.strictSame([...items.texts(SEPARATOR)], [])
  }
})

const HEAD = Buffer.from('{"items":[')
const END = Buffer.from(']}')

t.test('a single-Buffer body has all items between head and end', async t => {
  for (const [texts, body] of [
    [[['1', '2'], ['3']], '{"items":[1,2,3]}'],
    [[], '{"items":[]}'],
  ] as [string[][], string][]) {
    const items = itemsOf(...texts)
    const key = {}
    t.equal(items.joinedBody(key), undefined)
    items.joinBody(key, HEAD, END)
    t.equal(items.joinedBody(key)?.toString(), body)
  }
})

t.test('making a single-Buffer body does not change the items', async t => {
  const property = fc.property(
    pages,
    fc.nat({ max: 50 }),
    fc.nat({ max: 50 }),
    (texts, from, to) => {
      const [before, after] = [itemsOf(...texts), itemsOf(...texts)]
      after.joinBody({}, HEAD, END)
      const seen = (items: SerialisedItems) => [
        items.length,
        items.heldBytes,
        textOf([...items.joined(from, to)]),
        textOf([...items.joined(0, items.length)]),
        textOf(items.separatedBy('\n').window(from, to)),
        [...items.texts(SEPARATOR)],
      ]
      t.strictSame(seen(after), seen(before))
    },
  )
  t.doesNotThrow(() => fc.assert(property))
})

t.test('a single-Buffer body shares memory with the items', async t => {
  const items = itemsOf(['1', '2'], ['3'])
  const key = {}
  items.joinBody(key, HEAD, END)
  for (const part of items.window(0, 3)) t.equal(part.buffer, items.joinedBody(key)?.buffer)
})

t.test("only a list's first head gets a single-Buffer body", async t => {
  const items = itemsOf(['1'])
  const [first, again, other] = [{}, {}, {}]
  items.joinBody(first, HEAD, END)
  items.joinBody(other, Buffer.from('{"total":1,"items":['), END)
  t.equal(items.joinedBody(other), undefined)
  t.ok(items.joinedBody(first))
  items.joinBody(again, Buffer.from(HEAD), END)
  t.ok(items.joinedBody(again), 'the same head, made again')
})

t.test('long lists stay in parts', async t => {
  const items = itemsOf(['x'.repeat(600 * 1024)])
  const key = {}
  items.joinBody(key, HEAD, END)
  t.equal(items.joinedBody(key), undefined)
})
