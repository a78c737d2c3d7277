import { createHash } from 'node:crypto'
import t from 'tap'
import { type Coding, compressions } from '../../../src/http/representation/compression.ts'
import { type RepresentOptions, represent } from '../../../src/http/representation/represent.ts'
import { linesView } from '../../../src/http/representation/view.ts'
import { windowOf } from '../../../src/http/representation/window.ts'
import { StoredPlaylists } from '../../../src/playlists/cached-playlists.ts'
import type { PlaylistList } from '../../../src/playlists/playlist-list.ts'
import { chunkOf, Records } from '../../../src/playlists/records.ts'
import { occupyCompressions } from '../../support/busy-compressions.ts'
import { failureOf } from '../../support/failure-of.ts'

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

const stays = () => new AbortController().signal
const options = { codings: GZIP, recount: () => true, left: stays }

const ask = async (
  stored: StoredPlaylists,
  query: { limit?: number; offset?: number },
  changed: Partial<RepresentOptions> = {},
) => {
  const total = stored.list.playlists.length
  const view = linesView('ndjson', windowOf(total, query), 'user')
  return represent(stored, view, { ...options, ...changed })
}

t.test('what was made once is given again, at once', async t => {
  const stored = storedList(10)
  const bareBytes = stored.heldBytes
  const first = await ask(stored, {})
  const again = represent(stored, linesView('ndjson', windowOf(10, {}), 'user'), options)
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

t.test('what has no room comes plain, also when the field excludes that', async t => {
  const stored = storedList(20)
  stored.representations.keep('other', { heldBytes: 1e9 } as never, () => true)
  const held = stored.representations.heldBytes
  for (const codings of [['gzip'], GZIP, ['br', 'gzip']] as const) {
    for (const query of [{}, { limit: 10 }]) {
      const { contentFields } = await ask(stored, query, { codings })
      t.notOk(contentFields.includes('content-encoding'))
    }
  }
  t.equal(stored.representations.heldBytes, held)
})

t.test('what would wait long for its turn comes plain at once, and compressed later', async t => {
  const stored = storedList(10)
  const free = occupyCompressions(t)
  const caller = new AbortController()
  const waiting = compressions.compress([], 4 * 1024 * 1024, 'br', caller.signal)
  const view = linesView('ndjson', windowOf(10, {}), 'user')
  await represent(stored, view, options)
  const plain = represent(stored, view, options)
  t.notOk(plain instanceof Promise)
  t.notOk((await plain).contentFields.includes('content-encoding'))
  t.equal(stored.representations.heldBytes, 0, 'it is not kept in place of the other')
  await free()
  await waiting
  t.ok((await represent(stored, view, options)).contentFields.includes('gzip'))
})

t.test('callers of one format and coding wait for the same work', async t => {
  const stored = storedList(10)
  const [one, other] = await Promise.all([ask(stored, {}), ask(stored, {})])
  t.equal(one, other)
})

for (const formatIsKept of [false, true]) {
  const when = formatIsKept ? 'while it is compressed' : 'while its format is made'

  const listInFormat = async () => {
    const stored = storedList(50)
    if (formatIsKept) await ask(stored, {}, { codings: ['identity'] })
    return stored
  }

  t.test(`a caller that leaves ${when} takes nothing from the others`, async t => {
    const stored = await listInFormat()
    const caller = new AbortController()
    const left = failureOf(ask(stored, {}, { left: () => caller.signal }))
    const staying = ask(stored, {})
    caller.abort()
    t.ok((await staying).contentFields.includes('gzip'))
    await left
  })

  t.test(`a list is not compressed for a caller that leaves ${when}`, async t => {
    const stored = await listInFormat()
    const caller = new AbortController()
    const left = ask(stored, {}, { left: () => caller.signal })
    caller.abort()
    t.match(await failureOf(left), { name: 'AbortError' })
    t.notOk(stored.representations.get(`ndjson 0-50 ${GZIP}`, options))
    t.ok((await ask(stored, {})).contentFields.includes('gzip'), 'but for the next one')
  })
}

t.test('nothing is kept that the cache has no room for', async t => {
  const stored = storedList(10)
  await ask(stored, {}, { recount: () => false })
  t.equal(stored.representations.heldBytes + stored.formats.heldBytes, 0)
})
