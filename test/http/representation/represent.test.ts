import { createHash } from 'node:crypto'
import t from 'tap'
import { type Coding, compressions } from '../../../src/http/representation/compression.ts'
import {
  type RepresentationRequest,
  represent,
} from '../../../src/http/representation/represent.ts'
import { linesView } from '../../../src/http/representation/view.ts'
import type { WindowQuery } from '../../../src/http/representation/window.ts'
import type { PlaylistList } from '../../../src/playlists/playlist-list.ts'
import { bodyOf } from '../../../src/playlists/representation.ts'
import { VariantCache } from '../../../src/playlists/representations.ts'
import { SerialisedItems, segmentOf } from '../../../src/playlists/serialised-items.ts'
import { occupyCompressions } from '../../support/busy-compressions.ts'
import { failureOf } from '../../support/failure-of.ts'

const GZIP: readonly Coding[] = ['gzip', 'identity']
const MB = 1024 * 1024

/** A barely compressible text. */
const noise = (seed: number) =>
  Array.from({ length: 14 }, (_, part) =>
    createHash('sha256').update(`${seed}/${part}`).digest('hex'),
  ).join('')

/** A list with `length` playlists, about 1000 bytes each. */
function listOf(length: number): PlaylistList {
  const records = Array.from({ length }, (_, id) => JSON.stringify({ id, name: noise(id) }))
  return {
    playlists: new SerialisedItems([segmentOf(records, ',')]),
    spotifyTotal: length,
    complete: true,
    settled: false,
    membership: 'm',
    digest: `d${length}`,
  }
}

/** Requests windows from the list as NDJSON. */
function asker(list: PlaylistList, variants = new VariantCache(4 * MB)) {
  const ask = (query: WindowQuery = {}, codings = GZIP, caller = new AbortController()) => {
    const view = linesView('ndjson', { userId: 'user', pasted: 'user', query, link: '' })
    const request: RepresentationRequest['request'] = {
      signal: caller.signal,
      socket: { destroyed: false },
    }
    return represent(list, { view, request, codings }, variants)
  }
  return { ask, variants }
}

const isGzip = ({ contentFields }: { contentFields: readonly string[] }) =>
  contentFields.includes('gzip')

t.test('a cached representation is returned synchronously', async t => {
  const { ask } = asker(listOf(10))
  for (const codings of [GZIP, ['identity']] as const) {
    const first = await ask({}, codings)
    t.equal(isGzip(first), codings === GZIP)
    t.equal(ask({}, codings), first)
  }
})

t.test('lists with equal content share representations', async t => {
  const { ask, variants } = asker(listOf(10))
  const first = await ask()
  t.equal(asker(listOf(10), variants).ask(), first)
  t.not((await asker(listOf(11), variants).ask()).etag, first.etag)
})

t.test('windows from a long list stay within the bound and evict older windows', async t => {
  const maxBytes = 300_000
  const { ask, variants } = asker(listOf(50), new VariantCache(maxBytes))
  const whole = await ask()
  for (let limit = 1; limit < 50; limit++) {
    t.equal(isGzip(await ask({ limit, offset: 1 })), limit > 1)
    t.ok(variants.heldBytes <= maxBytes)
  }
  t.not(await ask(), whole, 'it was evicted')
})

t.test('lines shared by windows count in full for the format and for each window', async t => {
  const list = listOf(10)
  const { ask, variants } = asker(list)
  const { heldBytes } = await ask({ limit: 1 }, ['identity'])
  t.ok(heldBytes > list.playlists.heldBytes)
  t.ok(variants.heldBytes > heldBytes + list.playlists.heldBytes)
})

t.test('a body stays uncompressed while the queue is full, and is compressed later', async t => {
  for (const codings of [GZIP, ['gzip']] as const) {
    const { ask } = asker(listOf(10))
    const free = occupyCompressions(t)
    const plain = await ask({}, ['identity'])
    const caller = new AbortController()
    const waiting = compressions.compress([], 4 * MB, 'br', caller.signal)
    t.equal(ask({}, codings), plain)
    await free()
    await waiting
    t.ok(isGzip(await ask({}, codings)))
  }
})

t.test('callers for the same representation wait for the same work', async t => {
  const { ask } = asker(listOf(10))
  const [one, other] = await Promise.all([ask(), ask()])
  t.equal(one, other)
})

t.test('a caller joins a compression in progress even if the queue is full', async t => {
  const { ask } = asker(listOf(10))
  const free = occupyCompressions(t)
  await ask({}, ['identity'])
  const one = ask()
  const waiting = compressions.compress([], 4 * MB - 15_000, 'br', new AbortController().signal)
  t.notOk(compressions.hasRoomFor(10_000))
  const other = ask()
  await free()
  await waiting
  t.equal(await other, await one)
})

for (const formatIsCached of [false, true]) {
  const when = formatIsCached ? 'during compression' : 'while its format is made'

  const askerFor = async () => {
    const { ask } = asker(listOf(50))
    if (formatIsCached) await ask({}, ['identity'])
    return ask
  }

  t.test(`a caller disconnecting ${when} does not affect other callers`, async t => {
    const ask = await askerFor()
    const caller = new AbortController()
    const left = failureOf(Promise.resolve(ask({}, GZIP, caller)))
    const staying = ask()
    caller.abort()
    t.ok(isGzip(await staying))
    await left
  })

  t.test(`a list is not compressed for a caller disconnecting ${when}`, async t => {
    const ask = await askerFor()
    const caller = new AbortController()
    const left = Promise.resolve(ask({}, GZIP, caller))
    caller.abort()
    t.match(await failureOf(left), { name: 'AbortError' })
    t.ok(isGzip(await ask()), 'the next caller gets it compressed')
  })
}

t.test('a JSON body reuses the items in the list', async t => {
  const list = listOf(3)
  const parts = [Buffer.from('{"items":['), Buffer.from(']}')]
  for (const [from, to] of [
    [0, 3],
    [1, 2],
    [3, 3],
  ] as const) {
    const body = bodyOf({ parts, items: { from, to } }, list)
    const { items } = JSON.parse(Buffer.concat(body).toString())
    t.equal(items.length, to - from)
  }
})

t.test('a representation in progress is not cached if the cache is cleared meanwhile', async t => {
  const { ask, variants } = asker(listOf(10))
  const asked = ask()
  variants.clear()
  t.ok(isGzip(await asked), 'its caller gets it')
  t.equal(variants.heldBytes, 0)
})
