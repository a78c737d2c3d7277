import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stored } from '../../src/cache/freshness.ts'
import { MemoryStore } from '../../src/cache/memory-store.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { type StoredBody, StoredPlaylists } from '../../src/playlists/cached-playlists.ts'
import { entryImporter } from '../../src/playlists/import-entry.ts'
import { SerialisedItems, segmentOf } from '../../src/playlists/serialised-items.ts'
import { CacheSnapshot, isWithoutLink } from '../../src/playlists/snapshot.ts'
import { playlistsIn } from '../support/aggregator.ts'
import { failureOf } from '../support/failure-of.ts'
import { isWarning, recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'

const LIFETIME = { freshSeconds: 300, staleWhileRevalidateSeconds: 3600, staleIfErrorSeconds: 7200 }
const LIFETIMES = {
  CACHE_FRESH_SECONDS: 300,
  CACHE_STALE_WHILE_REVALIDATE_SECONDS: 3600,
  CACHE_STALE_IF_ERROR_SECONDS: 7200,
  CACHE_NEGATIVE_SECONDS: 60,
}

function playlistsOf(name: string, modifiedAt: number): StoredPlaylists {
  const list = {
    playlists: new SerialisedItems([segmentOf([JSON.stringify({ id: name })], ',')]),
    spotifyTotal: 1,
    complete: true,
    settled: false,
    digest: name,
    membership: name,
  }
  return new StoredPlaylists(list, modifiedAt)
}

/** Starts processes that share a file, one after another. */
function snapshotsFor(t: Test, { maxBytes = 100_000, lifetimes = LIFETIMES } = {}) {
  const clock = new ManualClock()
  const folder = t.testdir({})
  const path = join(folder, 'cache.snapshot')
  const start = async (accepts: (key: string) => boolean = () => true) => {
    const { logger, lines } = recordingLogger()
    const store = new MemoryStore<StoredBody>(maxBytes, accepts)
    const importEntry = entryImporter({ ...lifetimes, CACHE_MAX_BYTES: maxBytes }, clock)
    const snapshot = new CacheSnapshot({
      path,
      store,
      maxBytes,
      importEntry,
      clock,
      log: logger,
    })
    const put = (user: string) =>
      store.set(user, stored(playlistsOf(user, clock.now()), clock.now(), LIFETIME))
    await snapshot.load()
    const users = () => store.leastRecentFirst().map(([user]) => user)
    const warnings = () => lines().filter(isWarning)
    return { store, snapshot, put, users, warnings }
  }
  return { clock, folder, path, start }
}

/** A process before it loads the file. */
function unloaded({ path, maxBytes, clock }: { path: string; maxBytes: number; clock: Clock }) {
  const store = new MemoryStore<StoredBody>(maxBytes)
  const log = recordingLogger().logger
  const importEntry = entryImporter({ ...LIFETIMES, CACHE_MAX_BYTES: maxBytes }, clock)
  const snapshot = new CacheSnapshot({ path, store, maxBytes, importEntry, clock, log })
  return { store, snapshot }
}

t.test('the cache survives a restart, in order of use', async t => {
  const { start, path, folder, clock } = snapshotsFor(t)
  const first = await start()
  t.same(first.warnings(), [], 'no warning about a missing file')
  for (const user of ['ann', 'bob', 'eve']) first.put(user)
  first.store.get('ann')
  await first.snapshot.close()
  t.equal((await stat(path)).mode & 0o777, 0o600)
  t.same(await readdir(folder), ['cache.snapshot'])
  await clock.advance(60_000)
  const second = await start()
  t.same(second.users(), ['bob', 'eve', 'ann'])
  t.same(second.store.get('bob')?.freshUntil, first.store.get('bob')?.freshUntil)
  const { body } = second.store.get('bob') ?? {}
  t.same(body instanceof StoredPlaylists && playlistsIn(body.list), [{ id: 'bob' }])
  t.same(second.warnings(), [])
  await second.snapshot.close()
})

t.test('loading does not block the event loop', async t => {
  const maxBytes = 10_000_000
  const { start, path, clock } = snapshotsFor(t, { maxBytes })
  const first = await start()
  for (let nth = 0; nth < 100; nth++) first.put(`user${nth}`)
  await first.snapshot.close()
  const { store, snapshot } = unloaded({ path, maxBytes, clock })
  const seen = new Set<number>()
  let isLoading = true
  const observe = () => {
    seen.add(store.size.entries)
    if (isLoading) setImmediate(observe)
  }
  setImmediate(observe)
  await snapshot.load()
  isLoading = false
  t.equal(store.size.entries, 100)
  t.ok(seen.size > 4, `${[...seen]}`)
  await snapshot.close()
})

t.test('stopping the process while it loads leaves the file intact', async t => {
  const maxBytes = 10_000_000
  const { start, path, clock } = snapshotsFor(t, { maxBytes })
  const first = await start()
  for (let nth = 0; nth < 100; nth++) first.put(`user${nth}`)
  await first.snapshot.close()
  const second = unloaded({ path, maxBytes, clock })
  const loading = second.snapshot.load()
  await until(() => second.store.size.entries > 0)
  t.ok(second.store.size.entries < 100, 'still loading')
  await second.snapshot.close()
  await loading
  t.equal((await start()).users().length, 100)
})

t.test('every five minutes the file is written if the cache has changed', async t => {
  const { start, path, clock } = snapshotsFor(t)
  const { snapshot, put } = await start()
  await clock.advance(300_000)
  await t.rejects(stat(path), { code: 'ENOENT' })
  put('bob')
  await clock.advance(300_000)
  await until(() => existsSync(path))
  const { mtimeMs, ino } = await stat(path)
  await snapshot.close()
  t.match(await stat(path), { mtimeMs, ino })
  t.same(clock.pending, [])
})

t.test('expired entries are neither written nor loaded', async t => {
  const { start, clock } = snapshotsFor(t)
  const first = await start()
  first.put('old')
  await clock.advance(7_000_000)
  first.put('bob')
  await clock.advance(600_000)
  await first.snapshot.close()
  t.same((await start()).users(), ['bob'])
  await clock.advance(7_000_000)
  t.same((await start()).users(), [])
})

t.test('no loaded entry outlives the configured lifetimes', async t => {
  const lifetimes = {
    CACHE_FRESH_SECONDS: 1,
    CACHE_STALE_WHILE_REVALIDATE_SECONDS: 2,
    CACHE_STALE_IF_ERROR_SECONDS: 3,
    CACHE_NEGATIVE_SECONDS: 4,
  }
  const { start, clock } = snapshotsFor(t, { lifetimes })
  const first = await start()
  first.put('bob')
  await first.snapshot.close()
  const at = clock.now()
  t.match((await start()).store.get('bob'), {
    generatedAt: at,
    freshUntil: at + 1000,
    staleWhileRevalidateUntil: at + 3000,
    staleIfErrorUntil: at + 4000,
  })
})

t.test('entries from the future are skipped', async t => {
  const { start, clock } = snapshotsFor(t)
  const first = await start()
  first.put('bob')
  await first.snapshot.close()
  clock.setWall(clock.now() - 60_000)
  t.same((await start()).users(), ['bob'], 'a clock may be one minute ahead')
  clock.setWall(clock.now() - 1)
  t.same((await start()).users(), [])
})

t.test('undamaged entries in a damaged file are loaded', async t => {
  const { start, path } = snapshotsFor(t)
  const first = await start()
  for (const user of ['ann', 'bob', 'eve']) first.put(user)
  await first.snapshot.close()
  const whole = await readFile(path)
  const flipped = Buffer.from(whole)
  const middle = Math.floor(whole.length / 2)
  flipped[middle] = (flipped[middle] as number) ^ 1
  await writeFile(path, flipped)
  const second = await start()
  t.same(second.users(), ['ann', 'eve'])
  t.match(second.warnings(), [{ left: 1, msg: /damaged/ }])
  for (const cut of [1, whole.length / 6]) {
    await writeFile(path, whole)
    await truncate(path, whole.length - Math.floor(cut))
    const third = await start()
    t.same(third.users(), ['ann', 'bob'])
    t.match(third.warnings(), [{ left: 1 }])
  }
  for (const end of [Buffer.from([1]), Buffer.alloc(50_000), Buffer.alloc(50_000, 1)]) {
    await writeFile(path, Buffer.concat([whole, end]))
    const fourth = await start()
    t.same(fourth.users(), ['ann', 'bob', 'eve'])
    t.match(fourth.warnings(), [{ left: 1 }], 'the rest counts as one damaged entry')
  }
})

t.test(
  'a file that is empty, from another version, or too large is neither loaded nor replaced',
  async t => {
    const { start, path } = snapshotsFor(t, { maxBytes: 2000 })
    for (const [content, reason] of [
      ['', /no snapshot/],
      ['playlist-proxy snapshot 1\n', /another version/],
      ['playlist-proxy snapshot 3\n', /another version/],
      ['x'.repeat(2001), /2001 bytes, more than CACHE_MAX_BYTES/],
    ] as const) {
      await writeFile(path, content)
      const process = await start()
      t.match(process.warnings(), [{ path, err: { message: reason } }])
      t.same(process.users(), [])
      await process.snapshot.close()
      t.equal(await readFile(path, 'utf8'), content, 'the store has not changed')
    }
  },
)

t.test('a failed write keeps the old file and leaves no other file', async t => {
  const { start, path, folder } = snapshotsFor(t)
  const first = await start()
  first.put('bob')
  await first.snapshot.close()
  const before = await readFile(path)
  first.put('eve')
  // Not even root can replace a folder with a file.
  await rm(path)
  await mkdir(join(path, 'full'), { recursive: true })
  await first.snapshot.close()
  t.match(first.warnings(), [{ path, msg: /failed to write/ }])
  t.same(await readdir(folder), ['cache.snapshot'])
  await rm(path, { recursive: true })
  await writeFile(path, before)
  await first.snapshot.close()
  t.same((await start()).users(), ['bob', 'eve'], 'the next write succeeds')
})

t.test('an abandoned write keeps the old file and leaves no other file', async t => {
  const { start, path, folder } = snapshotsFor(t)
  const { snapshot, put, warnings } = await start()
  put('ann')
  await snapshot.write()
  const before = await readFile(path)
  put('bob')
  snapshot.abandon()
  await snapshot.close()
  t.same(await readFile(path), before)
  t.same(await readdir(folder), ['cache.snapshot'])
  t.match(warnings(), [{ err: { message: 'There was no time left to write the file.' } }])
})

t.test('a missing folder causes a warning at process start', async t => {
  const { start, folder } = snapshotsFor(t)
  await rm(folder, { recursive: true })
  const process = await start()
  t.match(process.warnings(), [{ msg: /cannot write/, err: { code: 'ENOENT' } }])
  process.put('bob')
  await process.snapshot.close()
  t.equal(process.warnings().length, 2)
})

t.test('a list whose key is no longer accepted is not loaded', async t => {
  const { start } = snapshotsFor(t)
  const first = await start()
  for (const key of ['smedjan', 'one/fifty', 'two/fifty']) first.put(key)
  await first.snapshot.close()
  const linked = await start(key => key !== 'two/fifty')
  t.same(linked.users(), ['smedjan', 'one/fifty'])
  const without = await start(isWithoutLink)
  t.same(without.users(), ['smedjan'], 'without linked accounts')
})

t.test('the next write removes a list refused during loading', async t => {
  const { start, path } = snapshotsFor(t)
  const first = await start()
  for (const key of ['smedjan', 'two/fifty']) first.put(key)
  await first.snapshot.close()
  const before = readFileSync(path).length
  const without = await start(isWithoutLink)
  await without.snapshot.close()
  t.ok(readFileSync(path).length < before, 'although nothing was stored')
  t.same((await start()).users(), ['smedjan'])
})

t.test('purge() writes the file, or else removes it, and fails if neither works', async t => {
  const { start, path, folder } = snapshotsFor(t)
  const { put, store, snapshot, warnings } = await start()
  for (const key of ['smedjan', 'one/fifty', 'two/one']) put(key)
  await snapshot.write()
  store.retire('one/fifty')
  await snapshot.purge()
  t.same((await start()).users(), ['smedjan', 'two/one'])

  // Not even root can replace a folder with a file.
  mkdirSync(join(folder, 'cache.snapshot.tmp', 'full'), { recursive: true })
  store.retire('two/one')
  await snapshot.purge()
  t.same(await readdir(folder), ['cache.snapshot.tmp'])
  await snapshot.purge()
  t.same(await readdir(folder), ['cache.snapshot.tmp'], 'again')
  t.match(warnings(), [{ msg: /failed to write/ }, { msg: /failed to write/ }])

  mkdirSync(path)
  t.match(await failureOf(snapshot.purge()), {
    type: 'internal-error',
    message: /CACHE_SNAPSHOT_FILE/,
    cause: { syscall: 'unlink' },
  })
  await rm(path, { recursive: true })
  await rm(join(folder, 'cache.snapshot.tmp'), { recursive: true })
  await snapshot.write()
  t.same((await start()).users(), ['smedjan'], 'a later write works')
})

t.test('a write also syncs the folder, so a power cut does not undo the write', async t => {
  const { start, folder } = snapshotsFor(t)
  const { put, snapshot, store } = await start()
  const file = await open(folder)
  const synced: string[] = []
  const prototype = Object.getPrototypeOf(file)
  const { sync } = prototype
  prototype.sync = async function (this: FileHandle) {
    const { ino } = await this.stat()
    synced.push(ino === (await stat(folder)).ino ? 'folder' : 'file')
    await sync.call(this)
  }
  t.teardown(() => {
    prototype.sync = sync
  })
  await file.close()
  put('one/fifty')
  await snapshot.write()
  t.same(synced, ['file', 'folder'])
  mkdirSync(join(folder, 'cache.snapshot.tmp', 'full'), { recursive: true })
  store.retire('one/fifty')
  await snapshot.purge()
  t.same(synced, ['file', 'folder', 'folder'], 'also after a removal')
})

t.test('the next write removes a retired list from the file', async t => {
  const { start, path } = snapshotsFor(t)
  const { put, store, snapshot } = await start()
  put('one/fifty')
  await snapshot.write()
  const before = readFileSync(path).length
  store.retire('one/fifty')
  await snapshot.write()
  t.ok(readFileSync(path).length < before)
  const later = await start()
  t.same(later.users(), [])
})
