import { capLifetimes, isPlausible } from '../cache/foreign-response.ts'
import { freshness, type StoredResponse } from '../cache/freshness.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../lib/clock.ts'
import { type Lifetimes, lifetimeFor, type StoredBody } from './cached-playlists.ts'
import { decodeEntry } from './entry-codec.ts'

/**
 * The result of importing the bytes of another process: an entry that may be served; `unusable`: an
 * expired entry, or one of another version; `malformed`: no entry, from the future, or too large.
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
 * Returns a function that imports entries from a file or another replica. It caps their lifetimes at
 * those of this process. It decodes one entry at a time, so the memory of decompression bombs does not
 * add up.
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
