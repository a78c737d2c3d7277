import { constants } from 'node:fs'
import { access, type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate as nextTask } from 'node:timers/promises'
import { freshness } from '../cache/freshness.ts'
import type { MemoryStore } from '../cache/memory-store.ts'
import { type Clock, repeat } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { OPEN_TO_READ, PREAMBLE, temporaryPath } from '../lib/snapshot-file.ts'
import type { StoredBody } from './cached-playlists.ts'
import { encodeEntry } from './entry-codec.ts'
import type { ImportEntry } from './import-entry.ts'

const LENGTH_BYTES = 4
/** The minimum of gzip (RFC 1952 2.3). */
const MIN_ENTRY_BYTES = 18
const INTERVAL_MS = 5 * 60_000
/** Entries that the service compresses concurrently. */
const BATCH = 16

export interface CacheSnapshotOptions {
  path: string
  store: MemoryStore<StoredBody>
  /** The service does not load a larger file. */
  maxBytes: number
  importEntry: ImportEntry
  /** Whether a list with this key may be served; by default those that were read without a link. */
  accepts?: ((key: string) => boolean) | undefined
  clock: Clock
  log: Log
}

/**
 * Keeps the cache in a file across restarts. Writes are atomic; loading skips damaged entries. Errors
 * only cause warnings in the log.
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

  /** Loads the file. No write starts before it is done, so a partial cache never replaces the file. */
  load(): Promise<void> {
    this.#writing = this.#load()
    return this.#writing
  }

  async #load(): Promise<void> {
    const { path, log, store } = this.#options
    try {
      const entries = await this.#read()
      log.info({ path, entries }, 'loaded the cache snapshot')
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code === 'ENOENT')
        log.info({ path }, 'no cache snapshot yet')
      else log.warn({ err, path }, 'cannot load the cache snapshot')
    }
    this.#changesWritten = store.changes
    await access(dirname(path), constants.W_OK).catch((err: Error) => {
      log.warn({ err, path }, 'cannot write the cache snapshot')
    })
  }

  /** Stops the timer, and writes the file if the store has changed. */
  async close(): Promise<void> {
    this.#stopWriting()
    await this.write()
  }

  /** Aborts the write in flight and all later ones; the previous file stays. */
  abandon(): void {
    this.#abandoned.abort(new Error('There was no time left to write the file.'))
  }

  /** Writes the file if the store has changed since the last write. Writes do not overlap. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeIfChanged())
    return this.#writing
  }

  async #writeIfChanged(): Promise<void> {
    const { path, store, log } = this.#options
    const { changes } = store
    if (changes === this.#changesWritten) return
    // Always the same path, so leftovers of killed processes do not accumulate.
    const temporary = temporaryPath(path)
    try {
      await rm(temporary, { force: true })
      const file = await open(temporary, 'wx', 0o600)
      await this.#writeTo(file).finally(() => file.close())
      await rename(temporary, path)
      this.#changesWritten = changes
    } catch (err) {
      log.warn({ err, path }, 'failed to write the cache snapshot')
      await Promise.allSettled([rm(temporary, { force: true })])
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
      await file.writeFile(Buffer.concat(encoded.flatMap(entry => [lengthOf(entry), entry])))
    }
    await file.sync()
  }

  /** Returns the number of entries loaded. */
  async #read(): Promise<number> {
    const { path, log } = this.#options
    const file = await open(path, OPEN_TO_READ)
    const bytes = await this.#readFrom(file).finally(() => file.close())
    if (!bytes.subarray(0, PREAMBLE.length).equals(PREAMBLE)) {
      throw new Error('The file is no snapshot, or one of another version of this service.')
    }
    const { loaded, left } = await this.#import(framesOf(bytes.subarray(PREAMBLE.length)))
    if (left > 0) log.warn({ path, left }, 'skipped damaged parts of the cache snapshot')
    return loaded
  }

  async #readFrom(file: FileHandle): Promise<Buffer> {
    const { size } = await file.stat()
    const { maxBytes } = this.#options
    if (size > maxBytes) throw new Error(`The file has ${size} bytes, more than CACHE_MAX_BYTES.`)
    return file.readFile()
  }

  /** Stores usable entries; returns the numbers of usable and malformed ones. */
  async #import(frames: Iterable<Buffer>): Promise<{ loaded: number; left: number }> {
    const { store, importEntry, accepts = isWithoutLink } = this.#options
    let loaded = 0
    let left = 0
    for (const frame of frames) {
      // Lets the process read responses about the token and from Redis, which would time out otherwise.
      await nextTask()
      const entry = await importEntry(frame)
      if (entry.kind === 'malformed') left++
      if (entry.kind !== 'usable' || !accepts(entry.userId)) continue
      store.set(entry.userId, entry.response)
      loaded++
    }
    return { loaded, left }
  }
}

/** The key of a list that was read with a link names it before a slash. */
function isWithoutLink(key: string): boolean {
  return !key.includes('/')
}

function lengthOf(entry: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(entry.length)
  return length
}

/** Yields the bytes of each entry. A truncated entry, or one with an impossible length, is the last. */
function* framesOf(bytes: Buffer): Generator<Buffer> {
  let at = 0
  while (at < bytes.length) {
    const from = at + LENGTH_BYTES
    const length = from <= bytes.length ? bytes.readUInt32LE(at) : 0
    yield bytes.subarray(from, from + length)
    at = length < MIN_ENTRY_BYTES ? bytes.length : from + length
  }
}
