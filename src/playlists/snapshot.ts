import { constants } from 'node:fs'
import { access, type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { freshness } from '../cache/freshness.ts'
import type { MemoryStore } from '../cache/memory-store.ts'
import { type Clock, repeat } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { OPEN_TO_READ, PREAMBLE, temporaryPath } from '../lib/snapshot-file.ts'
import type { StoredBody } from './cached-playlists.ts'
import { encodeEntry } from './entry-codec.ts'
import type { ImportEntry } from './import-entry.ts'

const LENGTH_BYTES = 4
/** Of gzip around nothing (RFC 1952 2.3). */
const MIN_ENTRY_BYTES = 18
const INTERVAL_MS = 5 * 60_000
/** Entries that are compressed at once. */
const BATCH = 16

export interface CacheSnapshotOptions {
  path: string
  store: MemoryStore<StoredBody>
  /** No larger file is read. */
  maxBytes: number
  importEntry: ImportEntry
  clock: Clock
  log: Log
}

/**
 * Keeps what is stored in a file, so that a process that is started anew need not ask for it again.
 * Written now and then and at the end, whole or not at all; what of it cannot be read is left out.
 * Nothing here fails: what goes wrong is a warning in the log.
 */
export class CacheSnapshot {
  readonly #options: CacheSnapshotOptions
  #writing: Promise<void> = Promise.resolve()
  #changesWritten = 0
  readonly #endWriting: () => void
  readonly #abandoned = new AbortController()

  /** From now on the file is written every 5 minutes. */
  constructor(options: CacheSnapshotOptions) {
    this.#options = options
    this.#endWriting = repeat(options.clock, INTERVAL_MS, () => this.write())
  }

  /** Reads the file into the store. Nothing is written before that is done, lest a part replace it. */
  load(): Promise<void> {
    this.#writing = this.#load()
    return this.#writing
  }

  async #load(): Promise<void> {
    const { path, log, store } = this.#options
    try {
      const entries = await this.#read()
      log.info({ path, entries }, 'the snapshot of the cache was loaded')
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code === 'ENOENT') log.info({ path }, 'no snapshot yet')
      else log.warn({ err, path }, 'the snapshot of the cache cannot be used')
    }
    this.#changesWritten = store.changes
    await access(dirname(path), constants.W_OK).catch((err: Error) => {
      log.warn({ err, path }, 'the snapshot of the cache cannot be written')
    })
  }

  /** Writes the file for the last time, if anything has changed. */
  async close(): Promise<void> {
    this.#endWriting()
    await this.write()
  }

  /** Ends writing, also what is under way: the file from before stands. */
  abandon(): void {
    this.#abandoned.abort(new Error('There was no time left to write it.'))
  }

  /** Writes the file if anything has changed since it was written, one time after the other. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeIfChanged())
    return this.#writing
  }

  async #writeIfChanged(): Promise<void> {
    const { path, store, log } = this.#options
    const { changes } = store
    if (changes === this.#changesWritten) return
    // Always the same, so that what a process that was killed has left does not pile up.
    const temporary = temporaryPath(path)
    try {
      await rm(temporary, { force: true })
      const file = await open(temporary, 'wx', 0o600)
      await this.#writeTo(file).finally(() => file.close())
      await rename(temporary, path)
      this.#changesWritten = changes
    } catch (err) {
      log.warn({ err, path }, 'the snapshot of the cache was not written')
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

  /** How many entries were read into the store. */
  async #read(): Promise<number> {
    const { path, log } = this.#options
    const file = await open(path, OPEN_TO_READ)
    const bytes = await this.#readFrom(file).finally(() => file.close())
    if (!bytes.subarray(0, PREAMBLE.length).equals(PREAMBLE)) {
      throw new Error('It is no snapshot, or one of another version of this service.')
    }
    const { loaded, left } = await this.#take(framesOf(bytes.subarray(PREAMBLE.length)))
    if (left > 0) log.warn({ path, left }, 'parts of the snapshot of the cache are damaged')
    return loaded
  }

  async #readFrom(file: FileHandle): Promise<Buffer> {
    const { size } = await file.stat()
    const { maxBytes } = this.#options
    if (size > maxBytes) throw new Error(`It has ${size} bytes, more than CACHE_MAX_BYTES.`)
    return file.readFile()
  }

  /** Stores the usable entries; counts them and the malformed ones. */
  async #take(frames: Iterable<Buffer>): Promise<{ loaded: number; left: number }> {
    const { store, importEntry } = this.#options
    let loaded = 0
    let left = 0
    for (const frame of frames) {
      // The token and the shared cache are asked meanwhile, and their answers must not look late.
      await nextTurn()
      const entry = await importEntry(frame)
      if (entry.kind === 'malformed') left++
      if (entry.kind !== 'usable') continue
      store.set(entry.userId, entry.response)
      loaded++
    }
    return { loaded, left }
  }
}

function lengthOf(entry: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(entry.length)
  return length
}

/** The entries; what is cut off or has an impossible length is one, too, and the last. */
function* framesOf(bytes: Buffer): Generator<Buffer> {
  let at = 0
  while (at < bytes.length) {
    const from = at + LENGTH_BYTES
    const length = from <= bytes.length ? bytes.readUInt32LE(at) : 0
    yield bytes.subarray(from, from + length)
    at = length < MIN_ENTRY_BYTES ? bytes.length : from + length
  }
}
