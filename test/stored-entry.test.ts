import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import type { StoredResponse } from '../src/cache/freshness.ts'
import { Problem } from '../src/problems.ts'
import { chunkOf, Records } from '../src/records.ts'
import { decodeEntry, encodeEntry } from '../src/stored-entry.ts'
import { type StoredBody, StoredPlaylists, UnknownUser } from '../src/stored-playlists.ts'

const MAX_BYTES = 1_000_000

const instants = {
  generatedAt: Date.UTC(2026, 10, 23),
  freshUntil: Date.UTC(2026, 10, 23, 1),
  staleWhileRevalidateUntil: Date.UTC(2026, 10, 23, 2),
  staleIfErrorUntil: Date.UTC(2026, 10, 23, 3),
}

function playlistsOf(pages: string[][], modifiedAt = instants.generatedAt): StoredPlaylists {
  const list = {
    playlists: new Records(pages.map(page => chunkOf(page, ','))),
    spotifyTotal: pages.flat().length,
    complete: true,
    settled: false,
    digest: 'digest',
    membership: 'membership',
  }
  return new StoredPlaylists(list, modifiedAt, undefined)
}

const responseOf = (body: StoredBody): StoredResponse<StoredBody> => ({ body, ...instants })

/** What a forger would make, who knows the format. */
function forged(plain: Buffer): Buffer {
  const packed = gzipSync(plain)
  const digest = createHash('sha256').update(packed).digest()
  return Buffer.concat([Buffer.from('plpx'), Buffer.from([1]), digest, packed])
}

function withHead(head: unknown, rest = Buffer.alloc(0)): Buffer {
  const text = Buffer.from(JSON.stringify(head))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  return forged(Buffer.concat([length, text, rest]))
}

const kindOf = async (bytes: Buffer) => (await decodeEntry(bytes, MAX_BYTES)).kind

t.test('what is encoded comes back whole, in windows, too', async t => {
  const pages = fc.array(fc.array(fc.json(), { maxLength: 5 }), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(pages, fc.string(), async (pages, userId) => {
      const body = playlistsOf(pages, instants.generatedAt - 5)
      const decoded = await decodeEntry(await encodeEntry(userId, responseOf(body)), MAX_BYTES)
      if (decoded.kind !== 'entry') throw new Error(decoded.kind)
      t.equal(decoded.userId, userId)
      const { body: again, ...others } = decoded.response
      t.same(others, instants)
      t.ok(again instanceof StoredPlaylists)
      const { list, modifiedAt, heldBytes } = again as StoredPlaylists
      t.equal(modifiedAt, instants.generatedAt - 5)
      t.equal(heldBytes, body.heldBytes)
      t.same({ ...list, playlists: null }, { ...body.list, playlists: null })
      const { length } = body.list.playlists
      for (const [from, to] of [[0, length] as const, [1, length - 1] as const]) {
        const bytes = Buffer.concat(list.playlists.window(from, to))
        t.ok(bytes.equals(Buffer.concat(body.list.playlists.window(from, to))))
      }
    }),
    { numRuns: 50 },
  )
})

t.test('a user that Spotify does not know comes back as such', async t => {
  const problem = new Problem('user-not-found', 'No such user.', { originStatus: 404 })
  const bytes = await encodeEntry('nobody', responseOf(new UnknownUser(problem)))
  const decoded = await decodeEntry(bytes, MAX_BYTES)
  t.match(decoded, {
    kind: 'entry',
    userId: 'nobody',
    response: {
      ...instants,
      body: { problem: { type: 'user-not-found', message: 'No such user.', originStatus: 404 } },
    },
  })
})

t.test('a byte that differs or is missing is never taken for the entry', async t => {
  const bytes = await encodeEntry('bob', responseOf(playlistsOf([['{"id":1}', '{"id":2}']])))
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes)
    flipped[at] = (flipped[at] as number) ^ 1
    t.not(await kindOf(flipped), 'entry', `byte ${at}`)
    t.not(await kindOf(bytes.subarray(0, at)), 'entry', `${at} bytes`)
  }
})

t.test('bytes of another make or version are told apart', async t => {
  const bytes = await encodeEntry('bob', responseOf(playlistsOf([['1']])))
  const withVersion = (version: number) => {
    const copy = Buffer.from(bytes)
    copy[4] = version
    return copy
  }
  t.equal(await kindOf(withVersion(2)), 'newer')
  t.equal(await kindOf(withVersion(0)), 'foreign')
  t.equal(await kindOf(Buffer.from('plpx')), 'foreign')
  t.equal(await kindOf(Buffer.alloc(0)), 'foreign')
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), async random => {
      t.equal(await kindOf(Buffer.from(random)), 'foreign')
    }),
  )
})

t.test('what is forged with the right checksum is refused, and costs no memory', async t => {
  const list = {
    modifiedAt: 0,
    spotifyTotal: 1,
    complete: true,
    settled: true,
    digest: 'd',
    membership: 'm',
    chunks: [] as unknown[],
  }
  const head = { userId: 'bob', ...instants }
  const chunks = (...sizes: unknown[]) => ({ ...head, list: { ...list, chunks: sizes } })
  const ends = (...values: number[]) => Buffer.from(Uint32Array.from(values).buffer)
  const cases: [string, Buffer][] = [
    ['nothing', forged(Buffer.alloc(0))],
    ['no JSON', forged(Buffer.from([1, 0, 0, 0, 0x7b]))],
    ['a length beyond the end', forged(Buffer.from([255, 255, 255, 255]))],
    ['null', withHead(null)],
    ['no instants', withHead({ userId: 'bob', unknownUser: '' })],
    ['no user', withHead({ ...instants, unknownUser: '' })],
    ['neither list nor problem', withHead(head)],
    ['a list without its facts', withHead({ ...head, list: { chunks: [] } })],
    ['a list without booleans', withHead({ ...head, list: { ...list, complete: 1 } })],
    ['a list without digests', withHead({ ...head, list: { ...list, digest: 1 } })],
    ['chunks that are none', withHead({ ...head, list: { ...list, chunks: 'x' } })],
    ['chunks of negative size', withHead(chunks([-1, 1]))],
    ['a chunk that is no pair', withHead(chunks(7))],
    ['more records than there are bytes', withHead(chunks([0, 2 ** 40]))],
    ['ends that go back', withHead(chunks([2, 2]), Buffer.concat([Buffer.from('ab'), ends(2, 1)]))],
    ['ends beyond the chunk', withHead(chunks([1, 1]), Buffer.concat([Buffer.from('a'), ends(2)]))],
    ['a bomb', forged(Buffer.alloc(MAX_BYTES + 1))],
  ]
  for (const [name, bytes] of cases) t.equal(await kindOf(bytes), 'damaged', name)
  const fitting = withHead(chunks([1, 1]), Buffer.concat([Buffer.from('a'), ends(1)]))
  t.equal(await kindOf(fitting), 'entry', 'so the cases differ in what they say')
})
