import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import type { StoredResponse } from '../../src/cache/freshness.ts'
import {
  type StoredBody,
  StoredPlaylists,
  UnknownUser,
} from '../../src/playlists/cached-playlists.ts'
import { decodeEntry, encodeEntry } from '../../src/playlists/entry-codec.ts'
import { JSON_SEPARATOR } from '../../src/playlists/playlist-list.ts'
import { Problem } from '../../src/problems/problem.ts'
import { aggregator, playlistsIn, read } from '../support/aggregator.ts'
import { entries } from '../support/scripted-client.ts'

const MAX_BYTES = 10_000_000

const instants = {
  generatedAt: Date.UTC(2026, 10, 23),
  freshUntil: Date.UTC(2026, 10, 23, 1),
  staleWhileRevalidateUntil: Date.UTC(2026, 10, 23, 2),
  staleIfErrorUntil: Date.UTC(2026, 10, 23, 3),
}
const responseOf = (body: StoredBody): StoredResponse<StoredBody> => ({ body, ...instants })

const listHead = {
  modifiedAt: instants.generatedAt,
  spotifyTotal: 2,
  complete: true,
  settled: false,
  playlists: 2,
}
const head = { version: 2, userId: 'bob', ...instants, list: listHead }

const kindOf = async (bytes: Buffer) => (await decodeEntry(bytes, MAX_BYTES)).kind
const notUtf8 = Buffer.from('{"id":"\xff"}\n', 'latin1')
/** An entry written by an attacker familiar with the format. */
const forged = (first: unknown, ...lines: string[]) =>
  gzipSync([JSON.stringify(first), ...lines, ''].join('\n'))

async function decoded(bytes: Buffer) {
  const entry = await decodeEntry(bytes, MAX_BYTES)
  if (entry.kind !== 'usable') throw new Error(entry.kind)
  return entry
}

const anyPlaylist = fc.oneof(
  fc.record({ id: fc.string({ maxLength: 2 }), name: fc.string({ unit: 'binary' }) }),
  fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })),
  fc.constantFrom(null, { name: 'no id' }),
)

t.test('a decoded list has the same bytes, digests and windows', async t => {
  const lists = fc.array(anyPlaylist, { maxLength: 130 })
  await fc.assert(
    fc.asyncProperty(lists, fc.string({ unit: 'binary' }), async (playlists, userId) => {
      const list = await read(playlists as Record<string, unknown>[])
      const body = new StoredPlaylists(list, instants.generatedAt - 5)
      const { response, ...entry } = await decoded(await encodeEntry(userId, responseOf(body)))
      t.same(entry, { kind: 'usable', userId })
      const { body: decodedBody, ...others } = response
      t.same(others, instants)
      t.ok(decodedBody instanceof StoredPlaylists)
      const { list: decodedList, modifiedAt } = decodedBody as StoredPlaylists
      t.equal(modifiedAt, instants.generatedAt - 5)
      t.same({ ...decodedList, playlists: null }, { ...list, playlists: null })
      const { length } = list.playlists
      for (const [from, to] of [[0, length] as const, [1, length - 1] as const]) {
        const bytes = Buffer.concat(decodedList.playlists.window(from, to))
        t.ok(bytes.equals(Buffer.concat(list.playlists.window(from, to))))
      }
    }),
    { numRuns: 100 },
  )
})

t.test('a decoded list that changed while being read contains both reads', async t => {
  const withoutId = { name: 'no id' }
  const { read: readTwice } = aggregator((_offset, asked) => ({
    total: asked,
    entries: [withoutId, ...entries(asked, asked + 3), withoutId, withoutId],
  }))
  const list = await readTwice()
  t.equal(list.complete, false)
  t.ok(list.playlists.length > list.spotifyTotal)
  const body = new StoredPlaylists(list, 0)
  const { response } = await decoded(await encodeEntry('bob', responseOf(body)))
  t.match(response.body, { list: { membership: list.membership, digest: list.digest } })
})

t.test('a long list is decoded page by page, with one page per task', async t => {
  const body = new StoredPlaylists(await read(entries(0, 1000)), 0)
  const bytes = await encodeEntry('bob', responseOf(body))
  let tasks = 0
  let isDone = false
  const count = () => {
    tasks++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const { response } = await decoded(bytes)
  isDone = true
  t.ok(tasks >= 19, `${tasks} tasks`)
  const { playlists } = (response.body as StoredPlaylists).list
  t.same(
    [...playlists.texts(JSON_SEPARATOR)].map(({ length }) => length),
    Array(20).fill(50),
  )
})

t.test('a decoded unknown user has our own problem text', async t => {
  const problem = new Problem('user-not-found', 'Written by somebody else.')
  const bytes = await encodeEntry('nobody', responseOf(new UnknownUser(problem)))
  t.match(await decoded(bytes), {
    userId: 'nobody',
    response: {
      ...instants,
      body: {
        problem: {
          type: 'user-not-found',
          message: 'Spotify has no user with this id.',
          originStatus: 404,
        },
      },
    },
  })
})

t.test('a changed or missing byte never yields another entry', async t => {
  const body = new StoredPlaylists(await read(entries(0, 3)), 0)
  const bytes = await encodeEntry('bob', responseOf(body))
  const whole = await decoded(bytes)
  for (let at = 0; at < bytes.length; at++) {
    t.equal(await kindOf(bytes.subarray(0, at)), 'malformed', `${at} bytes`)
    for (const bit of [1, 128]) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] as number) ^ bit
      const entry = await decodeEntry(flipped, MAX_BYTES)
      // The time and system in the gzip header have no effect.
      if (entry.kind === 'usable') t.same(entry, whole, `byte ${at}`)
      else t.equal(entry.kind, 'malformed')
    }
  }
})

t.test('entries from other versions are unusable, not malformed', async t => {
  for (const version of [0, 1, 3, 1e300]) {
    t.equal(await kindOf(forged({ ...head, version })), 'unusable')
  }
  t.equal(await kindOf(forged({ version: 3, userId: 'bob', unlike: 'this' })), 'unusable')
  t.equal(await kindOf(Buffer.from('plpx\u0001and so on')), 'unusable', 'the binary format')
  t.equal(await kindOf(forged({ ...head, version: '3' })), 'malformed')
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), async random => {
      t.equal(await kindOf(Buffer.from(random)), 'malformed')
      t.equal(await kindOf(gzipSync(random)), 'malformed')
    }),
  )
})

t.test('forged entries are malformed', async t => {
  const two = ['{"id":"a"}', '{"id":"b"}']
  t.equal(await kindOf(forged(head, ...two)), 'usable', 'the valid entry that the cases change')
  const withList = (change: object, ...lines: string[]) =>
    forged({ ...head, list: { ...listHead, ...change } }, ...lines)
  const cases: [string, Buffer][] = [
    ['an empty text', gzipSync('')],
    ['no JSON', gzipSync('{\n')],
    ['null', forged(null)],
    ['no user', forged({ ...head, userId: undefined }, ...two)],
    ['a user that is a number', forged({ ...head, userId: 7 }, ...two)],
    ['no line feed at the end', gzipSync(`${JSON.stringify(head)}\n${two.join('\n')}`)],
    ['no playlists', forged(head)],
    ['too few playlists', forged(head, '{"id":"a"}')],
    ['too many playlists', forged(head, ...two, '{"id":"c"}')],
    ['an empty line', forged(head, '{"id":"a"}', '')],
    ['a line that is no JSON', forged(head, '{"id":"a"}', '{"id":')],
    ['a playlist over two lines', forged(head, '{"id":"a","x":[1', '2]}')],
    ['two playlists in a line', forged(head, '{"id":"a"}', '{"id":"b"},{"id":"c"}')],
    ['a line of another type', forged(head, '{"id":"a"}', '[]')],
    ['a null', forged(head, '{"id":"a"}', 'null')],
    ['the same playlist twice', forged(head, '{"id":"a"}', '{"id":"a"}')],
    ['more playlists than the total of a complete list', withList({ spotifyTotal: 1 }, ...two)],
    ['playlists of an unknown user', forged({ ...head, list: undefined }, ...two)],
    ['a list head that is null', forged({ ...head, list: null }, ...two)],
    ['invalid UTF-8', gzipSync(Buffer.concat([gunzipSync(forged(head)), notUtf8, notUtf8]))],
    ['a line too long for one task', forged(head, `{"id":"${'x'.repeat(5e6)}"}`, '{}')],
    ['a head too long for one task', forged({ ...head, x: 'x'.repeat(5e6) }, ...two)],
    ['a bomb', gzipSync(Buffer.alloc(MAX_BYTES + 1))],
  ]
  for (const [name, bytes] of cases) t.equal(await kindOf(bytes), 'malformed', name)
})

t.test('an entry with an out-of-range number in its head is malformed', async t => {
  const numbers = ['"x"', '"1"', 'null', 'NaN', '-1', '1.5', '1e300', '-1e300', '1e17', '[]', '{}']
  const text = JSON.stringify(head)
  const names = [...Object.keys(instants), 'modifiedAt', 'spotifyTotal', 'playlists']
  for (const name of names) {
    for (const number of numbers) {
      const changed = text.replace(new RegExp(`"${name}":\\d+`), `"${name}":${number}`)
      t.not(changed, text)
      const bytes = gzipSync(`${changed}\n{"id":"a"}\n{"id":"b"}\n`)
      t.equal(await kindOf(bytes), 'malformed', `${name}: ${number}`)
    }
  }
  for (const name of ['complete', 'settled']) {
    const bytes = forged({ ...head, list: { ...listHead, [name]: 1 } }, '{"id":"a"}', '{"id":"b"}')
    t.equal(await kindOf(bytes), 'malformed', name)
  }
})

t.test('a forged size in a head does not allocate memory', async t => {
  const before = process.memoryUsage()
  for (const playlists of [100_000, 400_000, 2 ** 40]) {
    const list = { ...listHead, complete: false, playlists }
    t.equal(await kindOf(forged({ ...head, list }, '{}')), 'malformed')
  }
  const after = process.memoryUsage()
  t.ok(after.arrayBuffers - before.arrayBuffers < 1e6, 'array buffers')
})

t.test("a decoded list's modifiedAt is never after the read", async t => {
  const late = { ...listHead, modifiedAt: Date.UTC(2099, 0) }
  const { response } = await decoded(forged({ ...head, list: late }, '{"id":"a"}', '{"id":"b"}'))
  t.equal((response.body as StoredPlaylists).modifiedAt, instants.generatedAt)
  t.same(playlistsIn((response.body as StoredPlaylists).list), [{ id: 'a' }, { id: 'b' }])
})
