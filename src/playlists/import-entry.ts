import { capLifetimes, isPlausible } from '../cache/foreign-response.ts'
import { freshness } from '../cache/freshness.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../lib/clock.ts'
import { type Lifetimes, lifetimeFor } from './cached-playlists.ts'
import { type DecodedEntry, decodeEntry } from './entry-codec.ts'

/**
 * Decodes an entry for serving. Like `decodeEntry`, but an expired entry is also `unusable`, and an entry from
 * the future is also `malformed`. Never rejects.
 */
export type ImportEntry = (bytes: Buffer) => Promise<DecodedEntry>

/**
 * Returns a function that imports entries from a file or another replica. It caps lifetimes at this process's
 * configured lifetimes. It decodes one entry at a time, so decompression bombs do not add up in memory.
 */
export function entryImporter(
  config: Lifetimes & Pick<Config, 'CACHE_MAX_BYTES'>,
  clock: Clock,
): ImportEntry {
  const importNext = async (bytes: Buffer): Promise<DecodedEntry> => {
    const entry = await decodeEntry(bytes, config.CACHE_MAX_BYTES)
    if (entry.kind !== 'usable') return entry
    const now = clock.now()
    if (!isPlausible(entry.response, now)) return { kind: 'malformed' }
    const response = capLifetimes(entry.response, lifetimeFor(entry.response.body, config))
    return freshness(response, now) === 'gone' ? { kind: 'unusable' } : { ...entry, response }
  }
  let latest: Promise<unknown> = Promise.resolve()
  return bytes => {
    const imported = latest.then(() => importNext(bytes))
    latest = imported
    return imported
  }
}
