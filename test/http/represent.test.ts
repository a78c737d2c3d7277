import { createHash } from 'node:crypto'
import t from 'tap'
import type { Coding } from '../../src/http/compression.ts'
import { represent } from '../../src/http/represent.ts'
import { linesView } from '../../src/http/view.ts'
import { windowOf } from '../../src/http/window.ts'
import type { PlaylistList } from '../../src/playlist-list.ts'
import { chunkOf, Records } from '../../src/records.ts'
import { StoredPlaylists } from '../../src/stored-playlists.ts'

const GZIP: readonly Coding[] = ['gzip', 'identity']
const NOW = Date.UTC(2026, 10, 23)

/** A text that hardly shrinks. */
const noise = (seed: number) =>
  Array.from({ length: 14 }, (_, part) =>
    createHash('sha256').update(`${seed}/${part}`).digest('hex'),
  ).join('')

/** A stored list of `length` playlists that take about 1000 bytes each. */
function storedList(length: number): StoredPlaylists {
  const records = Array.from({ length }, (_, id) => JSON.stringify({ id, name: noise(id) }))
  const list: PlaylistList = {
    playlists: new Records([chunkOf(records, ',')]),
    spotifyTotal: length,
    complete: true,
    settled: false,
    membership: 'm',
    digest: 'd',
  }
  return new StoredPlaylists(list, NOW, undefined)
}

const ask = async (
  stored: StoredPlaylists,
  query: { limit?: number; offset?: number },
  codings = GZIP,
  recount = () => true,
) => {
  const total = stored.list.playlists.length
  return represent(stored, linesView('ndjson', windowOf(total, query), 'user'), codings, recount)
}

t.test('what was made once is given again, at once', async t => {
  const stored = storedList(10)
  const bareBytes = stored.heldBytes
  const first = await ask(stored, {})
  const again = represent(stored, linesView('ndjson', windowOf(10, {}), 'user'), GZIP, () => true)
  t.equal(again, first)
  const name = `ndjson 0-10 ${GZIP}`
  const madeBytes = stored.formats.heldBytes + first.heldBytes + 2 * name.length
  t.equal(stored.heldBytes, bareBytes + madeBytes, 'all of it counts')
})

t.test('windows fill half of the room, then come plain, and the whole list still fits', async t => {
  const stored = storedList(100)
  const room = stored.list.playlists.heldBytes + 16 * 1024
  let plain = 0
  for (let limit = 1; limit < 100; limit++) {
    const { contentFields } = await ask(stored, { limit })
    if (limit > 1 && !contentFields.includes('content-encoding')) plain++
  }
  t.ok(plain > 0 && plain < 90, `${plain} came plain`)
  const held = stored.representations.heldBytes
  t.ok(held > room / 2 && held < room, 'the last one went beyond the half')
  await ask(stored, { limit: 98, offset: 1 })
  t.equal(stored.representations.heldBytes, held, 'nothing more is kept')
  t.ok((await ask(stored, {})).contentFields.includes('gzip'))
  t.ok(stored.representations.heldBytes > held, 'but the whole list is')
})

t.test('windows that are asked for all at once find no more room than one by one', async t => {
  const stored = storedList(100)
  const room = stored.list.playlists.heldBytes + 16 * 1024
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, index) => ask(stored, { limit: 40 + index })),
  )
  const made = answers.filter(({ contentFields }) => contentFields.includes('gzip'))
  t.equal(made.length, 2, 'two of 40 fill the half')
  t.ok(stored.representations.heldBytes < room / 2)
  const { heldBytes, expectedBytes } = stored.representations
  t.equal(expectedBytes, heldBytes, 'what is made is counted as it came out')
})

t.test('who refuses it plain gets it compressed even when there is no room', async t => {
  const stored = storedList(20)
  const full = () => stored.representations.keep('other', { heldBytes: 1e9 } as never, () => true)
  full()
  const { contentFields } = await ask(stored, {}, ['gzip'])
  t.ok(contentFields.includes('gzip'))
  t.notOk((await ask(stored, {})).contentFields.includes('gzip'))
  t.equal(stored.representations.heldBytes, 1e9 + 2 * 'other'.length)
})

t.test('nothing is kept that the cache has no room for', async t => {
  const stored = storedList(10)
  await ask(stored, {}, GZIP, () => false)
  t.equal(stored.representations.heldBytes + stored.formats.heldBytes, 0)
})
