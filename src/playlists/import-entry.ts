import { capLifetimes, isPlausible } from '../cache/foreign-response.ts'
import { freshness, type StoredResponse } from '../cache/freshness.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../lib/clock.ts'
import { type Lifetimes, lifetimeFor, type StoredBody } from './cached-playlists.ts'
import { decodeEntry } from './entry-codec.ts'

/**
 * What came of bytes that another process stored: an entry that may be served; `unusable`: it has
 * expired, or another version of this service wrote it; `malformed`: none of these, an instant in the
 * future, or larger than allowed.
 */
export type ImportedEntry =
  | {
      readonly kind: 'usable'
      readonly userId: string
      readonly response: StoredResponse<StoredBody>
    }
  | { readonly kind: 'unusable' }
  | { readonly kind: 'malformed' }

/** Never rejects. */
export type ImportEntry = (bytes: Buffer) => Promise<ImportedEntry>

/**
 * Makes the function through which every entry passes that this process did not store itself, from a
 * file or from other replicas. No entry is used for longer than this process would use its own. Decodes
 * one entry at a time, so that several which decompress to far more than they take do not add up.
 */
export function entryImporter(
  config: Lifetimes & Pick<Config, 'CACHE_MAX_BYTES'>,
  clock: Clock,
): ImportEntry {
  const importNext = async (bytes: Buffer): Promise<ImportedEntry> => {
    const entry = await decodeEntry(bytes, config.CACHE_MAX_BYTES)
    if (entry.kind === 'other-version') return { kind: 'unusable' }
    if (entry.kind === 'malformed') return entry
    const now = clock.now()
    if (!isPlausible(entry.response, now)) return { kind: 'malformed' }
    const { userId, response } = entry
    const capped = capLifetimes(response, lifetimeFor(response.body, config))
    if (freshness(capped, now) === 'gone') return { kind: 'unusable' }
    return { kind: 'usable', userId, response: capped }
  }
  let latest: Promise<unknown> = Promise.resolve()
  return bytes => {
    const imported = latest.then(() => importNext(bytes))
    latest = imported
    return imported
  }
}
