import type { MemoryStore } from '../cache/memory-store.ts'
import type { Config } from '../config/schema.ts'
import type { StoredBody } from './cached-playlists.ts'
import { CacheSnapshot, type CacheSnapshotOptions } from './snapshot.ts'

/** The snapshot of a store, if the configuration has a file for it. */
export function createSnapshot(
  config: Pick<Config, 'CACHE_SNAPSHOT_FILE' | 'CACHE_MAX_BYTES'>,
  store: MemoryStore<StoredBody>,
  options: Pick<CacheSnapshotOptions, 'importEntry' | 'clock' | 'log'>,
): CacheSnapshot | undefined {
  const path = config.CACHE_SNAPSHOT_FILE
  if (path === undefined) return undefined
  return new CacheSnapshot({ path, store, maxBytes: config.CACHE_MAX_BYTES, ...options })
}
