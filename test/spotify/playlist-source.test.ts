import { getEventListeners } from 'node:events'
import t from 'tap'
import { createAppPlaylists } from '../../src/spotify/playlist-source.ts'
import type { SpotifyClient } from '../../src/spotify/web-api.ts'
import {
  aggregator,
  budget,
  callers,
  deadlineMs,
  ids,
  idsIn,
  playlistsIn,
  read,
  signal,
} from '../support/aggregator.ts'
import { failureOf } from '../support/failure-of.ts'
import { entries, pageOf, scriptedClient } from '../support/scripted-client.ts'
import { until } from '../support/until.ts'

t.test('the list holds every page in order, whatever its length', async t => {
  for (const length of [0, 1, 49, 50, 51, 100, 101, 2000]) {
    const { read, offsets } = aggregator(offset => pageOf(entries(0, length), offset))
    const list = await read()
    t.same(idsIn(list), ids(0, length))
    t.match(list, { complete: true, spotifyTotal: length })
    t.equal(offsets.length, Math.max(1, Math.ceil(length / 50)), `${length}: one request a page`)
  }
})

t.test('nulls are left out but count as entries', async t => {
  const list = await read([null, ...entries(0, 98), null, null])
  t.same(idsIn(list), ids(0, 98))
  t.match(list, { complete: true, spotifyTotal: 101 })
  t.match(await read([null, null]), { complete: true, spotifyTotal: 2 })
})

t.test('playlists pass through untouched, unknown members included', async t => {
  const odd = {
    id: 'x',
    name: 'é"\n\u{1F3B5}\ud800',
    images: null,
    new_in_2030: { deep: [1.5, null] },
  }
  t.same(playlistsIn(await read([odd])), [odd])
})

t.test('a refresh asks for all pages that it expects at once', async t => {
  const list = entries(0, 500)
  const previous = await read(list)
  const waiting: (() => void)[] = []
  const refresh = aggregator(async offset => {
    await new Promise<void>(resolve => waiting.push(resolve))
    return pageOf(list, offset)
  })
  const reading = refresh.read(previous)
  await until(() => waiting.length === 8)
  for (let page = 0; page < 10; page++) {
    await until(() => waiting.length > 0)
    waiting.shift()?.()
  }
  t.same(idsIn(await reading), ids(0, 500))
  t.equal(refresh.offsets.length, 10)
})

t.test('a list that grew or shrank since is read to its new end', async t => {
  const previous = await read(entries(0, 500))
  for (const length of [0, 40, 499, 501, 700]) {
    const { read, offsets } = aggregator(offset => pageOf(entries(0, length), offset))
    const list = await read(previous)
    t.same(idsIn(list), ids(0, length))
    t.equal(list.complete, true)
    t.ok(offsets.length <= Math.max(10, Math.ceil(length / 50)), `${length} playlists`)
  }
})

t.test('pages beyond the new end are not asked for once it is known', async t => {
  const previous = await read(entries(0, 2000))
  const { read: refresh, offsets } = aggregator(offset => pageOf(entries(0, 40), offset))
  await refresh(previous)
  t.equal(offsets.length, 8, 'only what was under way with the first page')
})

t.test('a list that moved while it was read is read once more', async t => {
  // After the first page a playlist is put in front, so that one entry repeats on the next page.
  const before = entries(0, 120)
  const after = [{ id: 'new' }, ...before]
  const moved = aggregator((offset, asked) => pageOf(asked < 1 ? before : after, offset))
  const list = await moved.read()
  t.same(idsIn(list), ['new', ...ids(0, 120)])
  t.match(list, { complete: true, settled: false })
  t.equal(moved.offsets.length, 6)
})

t.test('a repeat alone shows that the list moved', async t => {
  const list = entries(0, 100)
  const swapped = list.map((entry, index) => (index === 50 ? { id: 'id49' } : entry))
  const moved = aggregator((offset, asked) => pageOf(asked < 2 ? swapped : list, offset))
  t.same(idsIn(await moved.read()), ids(0, 100))
  t.equal(moved.offsets.length, 4)
})

t.test('a list that keeps moving is the union of two walks and not complete', async t => {
  // The total grows with every page, and the second walk misses an entry that the first one saw.
  const moving = aggregator((offset, asked) => ({
    total: 100 + asked,
    entries: asked < 3 ? entries(offset, offset + 50) : entries(offset + 1, offset + 51),
  }))
  const list = await moving.read()
  t.equal(list.complete, false)
  t.equal(list.settled, false)
  t.same(new Set(idsIn(list)), new Set(ids(0, 151)))
  t.equal(idsIn(list).length, 151, 'without repeats')
  t.equal(moving.offsets.length, 5, 'two walks at most')
})

t.test(
  'two walks that give the same doubtful list settle it, also for the next refresh',
  async t => {
    const doubtful = (offset: number) => ({
      total: offset === 0 ? 100 : 99,
      entries: entries(offset, offset + 50),
    })
    const first = aggregator(doubtful)
    const list = await first.read()
    t.match(list, { complete: false, settled: true })
    t.equal(first.offsets.length, 4)

    const refresh = aggregator(doubtful)
    t.match(await refresh.read(list), { complete: false, settled: true })
    t.equal(refresh.offsets.length, 2, 'one walk')
  },
)

t.test('a list that was complete before gets both walks when it is in doubt', async t => {
  const complete = await read(entries(0, 100))
  const doubtful = aggregator(offset => ({
    total: offset === 0 ? 100 : 99,
    entries: entries(offset, offset + 50),
  }))
  t.match(await doubtful.read(complete), { complete: false, settled: true })
  t.equal(doubtful.offsets.length, 4)
})

t.test('entries that are missing without a sign of movement make the list incomplete', async t => {
  const short = (offset: number) => ({ total: 100, entries: entries(offset, offset + 49) })
  const first = aggregator(short)
  const list = await first.read()
  t.match(list, { complete: false, settled: false })
  t.equal(first.offsets.length, 2, 'a second walk would show the same')
  t.match(await aggregator(short).read(list), { complete: false, settled: true })
})

t.test('a clean second walk stands alone', async t => {
  const moved = aggregator((offset, asked) => {
    if (asked === 1) return { total: 99, entries: entries(50, 98) }
    return { total: 100, entries: entries(offset, offset + 49) }
  })
  const list = await moved.read()
  t.same(idsIn(list), [...ids(0, 49), ...ids(50, 99)])
  t.match(list, { complete: false, settled: false })
})

t.test(
  'a lookup is begun and sent again only until its deadline, what has begun goes on',
  async t => {
    const { client, terms } = scriptedClient(offset => pageOf(entries(0, 120), offset))
    const source = createAppPlaylists({ client, budget, concurrency: 8 })
    await source.playlists('someone', undefined, {
      signal,
      deadlineMs,
      callers,
      isRefresh: false,
      onRequest: () => {},
    })
    const [first, ...rest] = terms
    t.match(first, { startByMs: deadlineMs, retryByMs: deadlineMs })
    for (const later of rest) {
      t.match(later, { startByMs: Number.POSITIVE_INFINITY, retryByMs: deadlineMs })
    }
  },
)

t.test('a page that fails ends the pages under way, and nothing is left listening', async t => {
  const failure = new Error('page 3')
  const { client, terms } = scriptedClient(offset => {
    if (offset === 100) throw failure
    return offset === 0 ? pageOf(entries(0, 250), 0) : new Promise(() => {})
  })
  const source = createAppPlaylists({ client, budget, concurrency: 8 })
  const reading = source.playlists('someone', undefined, {
    signal,
    deadlineMs,
    callers,
    isRefresh: false,
    onRequest: () => {},
  })
  t.equal(await failureOf(reading), failure)
  t.ok(terms.every(page => page.signal.reason === failure))
  t.same(getEventListeners(signal, 'abort'), [])
})

t.test('the next page is asked for while the one that arrived is yet to be decoded', async t => {
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
  const source = createAppPlaylists({ client, budget, concurrency: 1 })
  const reading = source.playlists('someone', undefined, {
    signal,
    deadlineMs,
    callers,
    isRefresh: false,
    onRequest: () => {},
  })
  await until(() => decoded.length === 2)
  t.same(asked, [0, 50, 100])
  for (const done of decoded) done()
  t.equal((await reading).playlists.length, 150)
})
