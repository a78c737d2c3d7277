import { gzipSync } from 'node:zlib'
import t from 'tap'
import { stored } from '../../src/cache/freshness.ts'
import {
  type StoredBody,
  StoredPlaylists,
  UnknownUser,
  userNotFound,
} from '../../src/playlists/cached-playlists.ts'
import { encodeEntry } from '../../src/playlists/entry-codec.ts'
import { entryImporter } from '../../src/playlists/import-entry.ts'
import { read } from '../support/aggregator.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { entries } from '../support/scripted-client.ts'

const DAY = { freshSeconds: 86_400, staleWhileRevalidateSeconds: 0, staleIfErrorSeconds: 86_400 }

const config = {
  CACHE_MAX_BYTES: 1_000_000,
  CACHE_FRESH_SECONDS: 300,
  CACHE_STALE_WHILE_REVALIDATE_SECONDS: 3600,
  CACHE_STALE_IF_ERROR_SECONDS: 7200,
  CACHE_NEGATIVE_SECONDS: 20,
}

const clock = new ManualClock()
const importEntry = entryImporter(config, clock)
const entryOf = (body: StoredBody, generatedAt = clock.now()) =>
  encodeEntry('bob', stored(body, generatedAt, DAY))
const list = await read(entries(0, 3))
const playlists = new StoredPlaylists(list, 0)

t.test("imported entries have this process's lifetimes", async t => {
  const now = clock.now()
  for (const [body, freshSeconds, staleIfErrorSeconds] of [
    [playlists, 300, 7200],
    [new StoredPlaylists({ ...list, complete: false }, 0), 60, 7200],
    [new StoredPlaylists({ ...list, complete: false, settled: true }, 0), 300, 7200],
    [new UnknownUser(userNotFound()), 20, 0],
  ] as const) {
    const freshUntil = now + 1000 * freshSeconds
    t.match(await importEntry(await entryOf(body)), {
      kind: 'usable',
      userId: 'bob',
      response: {
        generatedAt: now,
        freshUntil,
        staleWhileRevalidateUntil: freshUntil,
        staleIfErrorUntil: freshUntil + 1000 * staleIfErrorSeconds,
      },
    })
  }
})

t.test('an expired entry and an entry from another version are unusable', async t => {
  const old = await entryOf(playlists, clock.now() - 7_500_000)
  t.same(await importEntry(old), { kind: 'unusable' })
  t.match(await importEntry(await entryOf(playlists, clock.now() - 7_499_999)), { kind: 'usable' })
  const newer = gzipSync(`${JSON.stringify({ version: 99, userId: 'bob' })}\n`)
  t.same(await importEntry(newer), { kind: 'unusable' })
})

t.test('an entry from the future is malformed, and so are bytes that are not an entry', async t => {
  const ahead = await entryOf(playlists, clock.now() + 60_001)
  t.same(await importEntry(ahead), { kind: 'malformed' })
  t.same(await importEntry(Buffer.from('x')), { kind: 'malformed' })
})

t.test('entries are decoded one at a time', async t => {
  const long = new StoredPlaylists(await read(entries(0, 20_000)), 0)
  const done: number[] = []
  const bytes = [await entryOf(long), await entryOf(playlists)]
  // Alone, the short entry would be faster than the long one.
  await Promise.all(bytes.map((entry, nth) => importEntry(entry).then(() => done.push(nth))))
  t.same(done, [0, 1])
})
