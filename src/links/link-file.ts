import type { PathLike } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { OPEN_TO_READ, type Open, syncFolderOf, temporaryPath } from '../lib/files.ts'
import { LinkFileError } from './link-file-error.ts'

const VERSION = 1
const OWNER_ONLY = 0o600
const PERMISSION_BITS = 0o777

/** The system calls for a write; tests make them fail. */
export interface FileSystem {
  open: Open
  rename(from: PathLike, to: PathLike): Promise<void>
  rm(path: PathLike, options: { force: true }): Promise<void>
}

/** Sealed records by user id. */
export type SealedRecords = ReadonlyMap<string, string>

interface Content {
  readonly records: SealedRecords
  /** Whether only the file owner can read it. */
  readonly isPrivate: boolean
}

/**
 * The links file: `{"version": 1, "links": {"<user id>": "<JWE>"}}`. A write replaces the whole file, so a
 * power cut leaves either the old or the new file.
 */
export class LinkFile {
  readonly path: string
  readonly #fileSystem: FileSystem

  constructor(path: string, fileSystem: FileSystem = { open, rename, rm }) {
    this.path = path
    this.#fileSystem = fileSystem
  }

  /**
   * Reads the file; undefined if it does not exist.
   *
   * @throws {LinkFileError} if it is unreadable, not a links file, or from a later version.
   */
  async read(): Promise<Content | undefined> {
    try {
      const file = await this.#fileSystem.open(this.path, OPEN_TO_READ)
      try {
        const facts = await file.stat()
        if (!facts.isFile()) throw this.#fault('is not a regular file')
        const isPrivate = (facts.mode & PERMISSION_BITS) === OWNER_ONLY
        return { records: this.#recordsIn(await file.readFile('utf8')), isPrivate }
      } finally {
        await file.close()
      }
    } catch (error) {
      if (error instanceof LinkFileError) throw error
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return undefined
      throw this.#fault(code === 'ELOOP' ? 'is a symbolic link' : `cannot be read (${code})`)
    }
  }

  /**
   * Replaces the file. Once the promise resolves, the new file is on the disk. If the promise rejects, the disk
   * has either the old or the new file.
   */
  async write(records: SealedRecords): Promise<void> {
    const { open, rename, rm } = this.#fileSystem
    const temporary = temporaryPath(this.path)
    const text = `${JSON.stringify({ version: VERSION, links: Object.fromEntries(records) })}\n`
    try {
      // A killed process might have left a temporary file with other permissions.
      await rm(temporary, { force: true })
      await written(await open(temporary, 'wx', OWNER_ONLY), text)
      await rename(temporary, this.path)
      await syncFolderOf(this.path, open)
    } catch (error) {
      await Promise.allSettled([rm(temporary, { force: true })])
      throw error
    }
  }

  #recordsIn(text: string): SealedRecords {
    const content = this.#parsed(text)
    if (typeof content !== 'object' || content === null || !('version' in content)) {
      throw this.#fault('is not a file of links')
    }
    const { version, links } = content as { version: unknown; links?: unknown }
    if (typeof version === 'number' && version > VERSION) {
      throw this.#fault('was written by a later version of this service')
    }
    const entries = Object.entries(links ?? {})
    const isObject = typeof links === 'object' && links !== null && !Array.isArray(links)
    if (
      version !== VERSION ||
      !isObject ||
      entries.some(([, sealed]) => typeof sealed !== 'string')
    ) {
      throw this.#fault('is not a file of links')
    }
    return new Map(entries)
  }

  #parsed(text: string): unknown {
    try {
      return JSON.parse(text)
    } catch {
      // The `JSON.parse` error quotes the file.
      throw this.#fault('is not JSON')
    }
  }

  #fault(reason: string): LinkFileError {
    return new LinkFileError(this.path, `${reason}; choose another file or restore this one`)
  }
}

async function written(file: FileHandle, text: string): Promise<void> {
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}
