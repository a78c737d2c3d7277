import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { MemoryStore } from '../../src/cache/memory-store.ts'
import { ResponseCache } from '../../src/cache/response-cache.ts'
import { runUntraced } from '../../src/lib/background.ts'
import { cacheKeyOf, isServable, keyOfLink } from '../../src/links/link-key.ts'
import { isList, listFetcher, type StoredBody } from '../../src/playlists/cached-playlists.ts'
import { entryImporter } from '../../src/playlists/import-entry.ts'
import { CacheSnapshot } from '../../src/playlists/snapshot.ts'
import { failureOf } from '../support/failure-of.ts'
import { accountsFor } from './accounts-support.ts'

const DAY_MS = 86_400_000

t.test(
  'a link works for six months, warns before it ends, and works again after a new consent',
  async t => {
    const { start, clock, lines } = await accountsFor(t)
    const { link, look, links, close } = await start()
    await link('one')
    const warned: number[] = []
    for (let day = 1; day <= 180; day++) {
      const before = lines().length
      await clock.advance(DAY_MS)
      t.match(await look('one'), { complete: true }, `day ${day}`)
      const warnings = lines()
        .slice(before)
        .filter(({ level }) => level === 'warn')
      if (warnings.length > 0) warned.push(181 - day)
    }
    t.same(warned, [30, 7, 1])
    await clock.advance(DAY_MS)
    t.match(await failureOf(look('one')), {
      causeName: 'consent-expired',
      message: /Have the owner link the account again/,
    })
    t.equal(links.find('one')?.state.name, 'ended')
    t.match(await link('one'), { kind: 'linked' })
    t.match(await look('one'), { complete: true })
    await close()
  },
)

t.test('an unlinked account leaves no list and no token anywhere', async t => {
  const parts = await accountsFor(t, link => {
    store.retire(keyOfLink(link))
    return snapshot.write()
  })
  const { start, clock, config, log, folder, sandbox, file } = parts
  const { link, links, source, close } = await start()
  const accepts = (key: string) => isServable(links, key)
  const store = new MemoryStore<StoredBody>(10_000_000, accepts)
  const signal = new AbortController().signal
  const path = join(folder, 'cache.snapshot')
  const snapshotOn = (store: MemoryStore<StoredBody>) =>
    new CacheSnapshot({
      path,
      store,
      maxBytes: 10_000_000,
      importEntry: entryImporter(config, clock),
      clock,
      log,
    })
  const snapshot = snapshotOn(store)
  const cache = new ResponseCache<StoredBody>({
    store,
    fetch: listFetcher({ source, lifetimes: config, clock, signal }),
    clock,
    random: () => 0,
    lookupTimeoutMs: 15_000,
    signal,
    minRefreshMs: 10_000,
    runInBackground: runUntraced,
    log,
  })
  t.teardown(() => cache.close())
  await link('smedjan')
  await link('fifty')
  const look = (user: string) => cache.lookup(cacheKeyOf(links, user))
  t.match(await look('smedjan'), { forward: { stored: true } })
  t.match(await look('fifty'), { forward: { stored: true } })
  await snapshot.write()
  const withBoth = readFileSync(path).length
  const key = cacheKeyOf(links, 'smedjan')

  // A revalidation is in flight during the unlinking.
  clock.suspend(301_000)
  const release = sandbox.hold('api')
  t.match(await look('smedjan'), { response: {} }, 'stale')
  sandbox.clear()
  await sandbox.arrived('api', 1)
  await links.remove('smedjan')
  t.equal(store.get(key), undefined)
  t.ok(readFileSync(path).length < withBoth / 2, 'the snapshot has only the shorter list')
  t.notMatch(readFileSync(file, 'utf8'), 'smedjan')
  release()
  await clock.advance(0)
  t.equal(store.get(key), undefined)
  t.match(await look('smedjan'), { failure: { causeName: 'endpoint-forbidden' } })

  const next = new MemoryStore<StoredBody>(10_000_000, accepts)
  await snapshotOn(next).load()
  t.same(
    next.leastRecentFirst().map(([stored]) => stored),
    [cacheKeyOf(links, 'fifty')],
  )
  t.ok(next.hasUsable(clock.now(), isList))
  await close()
})
