import { constants } from 'node:fs'
import { access, type FileHandle, open, rename, rm, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate as nextTask } from 'node:timers/promises'
import { freshness } from '../cache/freshness.ts'
import type { MemoryStore } from '../cache/memory-store.ts'
import type { Config } from '../config/schema.ts'
import { type Clock, repeat } from '../lib/clock.ts'
import { OPEN_TO_READ, syncFolderOf, temporaryPath } from '../lib/files.ts'
import type { Log } from '../lib/logger.ts'
import { PREAMBLE } from '../lib/snapshot-file.ts'
import { Problem } from '../problems/problem.ts'
import type { StoredBody } from './cached-playlists.ts'
import { encodeEntry } from './entry-codec.ts'
import type { ImportEntry } from './import-entry.ts'
import { framed, framesOf } from './snapshot-frames.ts'

const INTERVAL_MS = 5 * 60_000
/** Entries compressed concurrently. */
const BATCH = 16

export interface CacheSnapshotOptions {
  path: string
  store: MemoryStore<StoredBody>
  /** Larger files are not loaded. */
  maxBytes: number
  importEntry: ImportEntry
  clock: Clock
  log: Log
}

/**
 * Keeps the cache in a file across restarts. Writes are atomic; loading skips damaged entries. Errors cause
 * only warnings in the log, except in `purge`.
 */
export class CacheSnapshot {
  readonly #options: CacheSnapshotOptions
  #writing: Promise<void> = Promise.resolve()
  #changesWritten = 0
  readonly #stopWriting: () => void
  readonly #abandoned = new AbortController()

  /** Starts to write the file every 5 minutes. */
  constructor(options: CacheSnapshotOptions) {
    this.#options = options
    this.#stopWriting = repeat(options.clock, INTERVAL_MS, () => this.write())
  }

  /** Loads the file. No write starts before the load is done, so a partial cache never replaces the file. */
  load(): Promise<void> {
    this.#writing = this.#load()
    return this.#writing
  }

  async #load(): Promise<void> {
    const { path, log, store } = this.#options
    const hasRefused = await this.#read().catch((err: NodeJS.ErrnoException) => {
      if (err.code === 'ENOENT') log.info({ path }, 'no cache snapshot yet')
      else log.warn({ err, path }, 'cannot load the cache snapshot')
      return false
    })
    // The next write removes refused lists from the file, even if the store does not change.
    this.#changesWritten = hasRefused ? -1 : store.changes
    await access(dirname(path), constants.W_OK).catch((err: Error) => {
      log.warn({ err, path }, 'cannot write the cache snapshot')
    })
  }

  /** Stops the timer, and writes the file if the store has changed. */
  async close(): Promise<void> {
    this.#stopWriting()
    await this.write()
  }

  /** Aborts the write in flight and all later writes; the previous file stays. */
  abandon(): void {
    this.#abandoned.abort(new Error('There was no time left to write the file.'))
  }

  /** Writes the file if the store has changed since the last write. Writes do not overlap. */
  async write(): Promise<void> {
    await this.#inTurn(() => this.#writeIfChanged())
  }

  /**
   * Makes sure the file has no lists retired by the store: writes the file, or else removes it.
   *
   * @throws {Problem} if neither works.
   */
  purge(): Promise<void> {
    return this.#inTurn(async () => {
      if (!(await this.#writeIfChanged())) await this.#remove()
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(work)
    this.#writing = Promise.allSettled([done]).then(() => {})
    return done
  }

  async #remove(): Promise<void> {
    const { path, log } = this.#options
    try {
      await unlink(path)
      await syncFolderOf(path)
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code === 'ENOENT') return
      log.error({ err, path }, 'cannot remove the cache snapshot, which has lists of an ended link')
      const detail =
        'The service can neither write nor remove its file of cached lists. The operator must check CACHE_SNAPSHOT_FILE.'
      throw new Problem('internal-error', detail, { cause: err })
    }
  }

  /** Returns whether the file matches the store. */
  async #writeIfChanged(): Promise<boolean> {
    const { path, store, log } = this.#options
    const { changes } = store
    if (changes === this.#changesWritten) return true
    // Always the same path, so leftovers from killed processes do not accumulate.
    const temporary = temporaryPath(path)
    try {
      await rm(temporary, { force: true })
      const file = await open(temporary, 'wx', 0o600)
      await this.#writeTo(file).finally(() => file.close())
      await rename(temporary, path)
      await syncFolderOf(path)
      this.#changesWritten = changes
      return true
    } catch (err) {
      log.warn({ err, path }, 'failed to write the cache snapshot')
      await Promise.allSettled([rm(temporary, { force: true })])
      return false
    }
  }

  async #writeTo(file: FileHandle): Promise<void> {
    const { store, clock } = this.#options
    const now = clock.now()
    const usable = store.leastRecentFirst().filter(([, held]) => freshness(held, now) !== 'gone')
    await file.writeFile(PREAMBLE)
    for (let at = 0; at < usable.length; at += BATCH) {
      this.#abandoned.signal.throwIfAborted()
      const batch = usable.slice(at, at + BATCH)
      const encoded = await Promise.all(batch.map(([key, held]) => encodeEntry(key, held)))
      await file.writeFile(Buffer.concat(encoded.flatMap(framed)))
    }
    await file.sync()
  }

  /** Stores the usable entries from the file. Returns whether the store refused any. */
  async #read(): Promise<boolean> {
    const { path, log, store, importEntry } = this.#options
    const file = await open(path, OPEN_TO_READ)
    const bytes = await this.#readFrom(file).finally(() => file.close())
    if (!bytes.subarray(0, PREAMBLE.length).equals(PREAMBLE)) {
      throw new Error('The file is no snapshot, or one of another version of this service.')
    }
    const counts = { loaded: 0, refused: 0, left: 0 }
    for (const frame of framesOf(bytes.subarray(PREAMBLE.length))) {
      // Lets the process read responses with tokens and from Redis, which would otherwise time out.
      await nextTask()
      const entry = await importEntry(frame)
      if (entry.kind === 'malformed') counts.left++
      if (entry.kind !== 'usable') continue
      const isAccepted = store.accepts(entry.userId)
      counts[isAccepted ? 'loaded' : 'refused']++
      if (isAccepted) store.set(entry.userId, entry.response)
    }
    const { loaded, refused, left } = counts
    if (left > 0) log.warn({ path, left }, 'skipped damaged parts of the cache snapshot')
    log.info({ path, entries: loaded }, 'loaded the cache snapshot')
    return refused > 0
  }

  async #readFrom(file: FileHandle): Promise<Buffer> {
    const { size } = await file.stat()
    const { maxBytes } = this.#options
    if (size > maxBytes) throw new Error(`The file has ${size} bytes, more than CACHE_MAX_BYTES.`)
    return file.readFile()
  }
}

/** Creates the store's snapshot, if a file is configured. */
export function createSnapshot(
  config: Pick<Config, 'CACHE_SNAPSHOT_FILE' | 'CACHE_MAX_BYTES'>,
  store: MemoryStore<StoredBody>,
  options: Pick<CacheSnapshotOptions, 'importEntry' | 'clock' | 'log'>,
): CacheSnapshot | undefined {
  const { CACHE_SNAPSHOT_FILE: path, CACHE_MAX_BYTES: maxBytes } = config
  return path === undefined ? undefined : new CacheSnapshot({ path, store, maxBytes, ...options })
}

/** Whether a list with this key was read without a link: any other key has a link id before a slash. */
export function isWithoutLink(key: string): boolean {
  return !key.includes('/')
}
