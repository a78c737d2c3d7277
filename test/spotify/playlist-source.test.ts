import { getEventListeners } from 'node:events'
import t from 'tap'
import { createPlaylistSource } from '../../src/spotify/playlist-source.ts'
import type { SpotifyClient } from '../../src/spotify/web-api.ts'
import { aggregator, budget, ids, idsIn, lookup, playlistsIn, read } from '../support/aggregator.ts'
import { failureOf } from '../support/failure-of.ts'
import { entries, pageOf, scriptedClient } from '../support/scripted-client.ts'
import { until } from '../support/until.ts'

t.test('a list of any length has all pages in order', async t => {
  for (const length of [0, 1, 49, 50, 51, 100, 101, 2000]) {
    const { read, offsets } = aggregator(offset => pageOf(entries(0, length), offset))
    const list = await read()
    t.same(idsIn(list), ids(0, length))
    t.match(list, { complete: true, spotifyTotal: length })
    t.equal(offsets.length, Math.max(1, Math.ceil(length / 50)), `${length}: one request a page`)
  }
})

t.test('null entries are omitted but included in the total', async t => {
  const list = await read([null, ...entries(0, 98), null, null])
  t.same(idsIn(list), ids(0, 98))
  t.match(list, { complete: true, spotifyTotal: 101 })
  t.match(await read([null, null]), { complete: true, spotifyTotal: 2 })
})

t.test('playlists are passed through unchanged, including unknown members', async t => {
  const odd = {
    id: 'x',
    name: 'é"\n\u{1F3B5}\ud800',
    images: null,
    new_in_2030: { deep: [1.5, null] },
  }
  t.same(playlistsIn(await read([odd])), [odd])
})

t.test('a revalidation requests all expected pages at once', async t => {
  const list = entries(0, 500)
  const previous = await read(list)
  const waiting: (() => void)[] = []
  const revalidation = aggregator(async offset => {
    await new Promise<void>(resolve => waiting.push(resolve))
    return pageOf(list, offset)
  })
  const reading = revalidation.read(previous)
  await until(() => waiting.length === 8)
  for (let page = 0; page < 10; page++) {
    await until(() => waiting.length > 0)
    waiting.shift()?.()
  }
  t.same(idsIn(await reading), ids(0, 500))
  t.equal(revalidation.offsets.length, 10)
})

t.test('a list is read to the new end after it grows or shrinks', async t => {
  const previous = await read(entries(0, 500))
  for (const length of [0, 40, 499, 501, 700]) {
    const { read, offsets } = aggregator(offset => pageOf(entries(0, length), offset))
    const list = await read(previous)
    t.same(idsIn(list), ids(0, length))
    t.equal(list.complete, true)
    t.ok(offsets.length <= Math.max(10, Math.ceil(length / 50)), `${length} playlists`)
  }
})

t.test('pages beyond the new end are not requested once the first page has arrived', async t => {
  const previous = await read(entries(0, 2000))
  const { read: revalidation, offsets } = aggregator(offset => pageOf(entries(0, 40), offset))
  await revalidation(previous)
  t.equal(offsets.length, 8, 'only the pages in flight with the first one')
})

t.test('a list that changes while being read is read again', async t => {
  // After the first page, a new playlist appears at the top, so the next page repeats an entry.
  const before = entries(0, 120)
  const after = [{ id: 'new' }, ...before]
  const changed = aggregator((offset, asked) => pageOf(asked < 1 ? before : after, offset))
  const list = await changed.read()
  t.same(idsIn(list), ['new', ...ids(0, 120)])
  t.match(list, { complete: true, settled: false })
  t.equal(changed.offsets.length, 6)
})

t.test('a repeated playlist alone shows the list has changed', async t => {
  const list = entries(0, 100)
  const swapped = list.map((entry, index) => (index === 50 ? { id: 'id49' } : entry))
  const changed = aggregator((offset, asked) => pageOf(asked < 2 ? swapped : list, offset))
  t.same(idsIn(await changed.read()), ids(0, 100))
  t.equal(changed.offsets.length, 4)
})

t.test('a constantly changing list is the union of two reads and incomplete', async t => {
  // The total grows with every page, and the second read misses an entry from the first.
  const changing = aggregator((offset, asked) => ({
    total: 100 + asked,
    entries: asked < 3 ? entries(offset, offset + 50) : entries(offset + 1, offset + 51),
  }))
  const list = await changing.read()
  t.equal(list.complete, false)
  t.equal(list.settled, false)
  t.same(new Set(idsIn(list)), new Set(ids(0, 151)))
  t.equal(idsIn(list).length, 151, 'without repeats')
  t.equal(changing.offsets.length, 5, 'two reads at most')
})

t.test(
  'two equal reads settle an unstable list, and the next revalidation reads it once',
  async t => {
    const unstable = (offset: number) => ({
      total: offset === 0 ? 100 : 99,
      entries: entries(offset, offset + 50),
    })
    const first = aggregator(unstable)
    const list = await first.read()
    t.match(list, { complete: false, settled: true })
    t.equal(first.offsets.length, 4)

    const revalidation = aggregator(unstable)
    t.match(await revalidation.read(list), { complete: false, settled: true })
    t.equal(revalidation.offsets.length, 2, 'one read')
  },
)

t.test('a previously complete list is read twice once it becomes unstable', async t => {
  const complete = await read(entries(0, 100))
  const unstable = aggregator(offset => ({
    total: offset === 0 ? 100 : 99,
    entries: entries(offset, offset + 50),
  }))
  t.match(await unstable.read(complete), { complete: false, settled: true })
  t.equal(unstable.offsets.length, 4)
})

t.test('a list with missing entries is incomplete even if nothing else changed', async t => {
  const short = (offset: number) => ({ total: 100, entries: entries(offset, offset + 49) })
  const first = aggregator(short)
  const list = await first.read()
  t.match(list, { complete: false, settled: false })
  t.equal(first.offsets.length, 2, 'a second read would give the same')
  t.match(await aggregator(short).read(list), { complete: false, settled: true })
})

t.test('a second read without changes replaces the first', async t => {
  const changed = aggregator((offset, asked) => {
    if (asked === 1) return { total: 99, entries: entries(50, 98) }
    return { total: 100, entries: entries(offset, offset + 49) }
  })
  const list = await changed.read()
  t.same(idsIn(list), [...ids(0, 49), ...ids(50, 99)])
  t.match(list, { complete: false, settled: false })
})

t.test('the deadline limits when the first page starts and when later pages retry', async t => {
  const { client, options } = scriptedClient(offset => pageOf(entries(0, 120), offset))
  const source = createPlaylistSource({ client, budget, concurrency: 8 })
  await source.playlists('someone', undefined, lookup)
  const { deadlineMs } = lookup
  const [first, ...rest] = options
  t.match(first, { startByMs: deadlineMs, retryByMs: deadlineMs })
  for (const later of rest) {
    t.match(later, { startByMs: Number.POSITIVE_INFINITY, retryByMs: deadlineMs })
  }
})

t.test('a failed page aborts the pages in flight and leaves no listener', async t => {
  const failure = new Error('page 3')
  const { client, options } = scriptedClient(offset => {
    if (offset === 100) throw failure
    return offset === 0 ? pageOf(entries(0, 250), 0) : new Promise(() => {})
  })
  const source = createPlaylistSource({ client, budget, concurrency: 8 })
  const reading = source.playlists('someone', undefined, lookup)
  t.equal(await failureOf(reading), failure)
  t.ok(options.every(page => page.signal.reason === failure))
  t.same(getEventListeners(lookup.signal, 'abort'), [])
})

t.test('the next page is requested before earlier pages are decoded', async t => {
  const decoded: (() => void)[] = []
  const asked: number[] = []
  const client: SpotifyClient = {
    async page(_path, offset, { onRead }) {
      asked.push(offset)
      if (offset > 0) {
        onRead()
        await new Promise<void>(resolve => decoded.push(resolve))
      }
      return pageOf(entries(0, 150), offset)
    },
  }
  const source = createPlaylistSource({ client, budget, concurrency: 1 })
  const reading = source.playlists('someone', undefined, lookup)
  await until(() => decoded.length === 2)
  t.same(asked, [0, 50, 100])
  for (const done of decoded) done()
  t.equal((await reading).playlists.length, 150)
})
