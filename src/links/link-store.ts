import type { Log } from '../lib/logger.ts'
import type { Link } from './link.ts'
import type { SealedRecords } from './link-file.ts'
import { fileProblem } from './link-problems.ts'
import type { Sealer } from './sealing.ts'

export interface LinkStoreOptions {
  /** The writing side of LinkFile. */
  file: { write(records: SealedRecords): Promise<void> }
  sealer: Sealer
  log: Log
}

/** Writes all links to the file, one write at a time. */
export class LinkStore {
  readonly #options: LinkStoreOptions
  readonly #links: () => readonly Link[]
  #writing: Promise<void> = Promise.resolve()
  #failure: unknown

  /** `links` returns all links. */
  constructor(options: LinkStoreOptions, links: () => readonly Link[]) {
    this.#options = options
    this.#links = links
  }

  /** Whether the last write failed, so the file might lack changes. */
  get isUnwritable(): boolean {
    return this.#failure !== undefined
  }

  /**
   * Waits for earlier writes, then writes what `links` returns, by default all links.
   *
   * @throws {Problem} if the file cannot be written.
   */
  write(links = this.#links): Promise<void> {
    const write = this.#writing.then(() => this.#write(links()))
    // Only this write's caller gets the failure.
    this.#writing = write.catch(() => {})
    return write
  }

  /**
   * Waits until no write is in progress, and writes again if the last one failed.
   *
   * @throws {Problem} if the file cannot be written.
   */
  async retry(): Promise<void> {
    await this.settled()
    if (this.isUnwritable) await this.write()
  }

  /** Resolves when no write is in progress. */
  async settled(): Promise<void> {
    let ended: Promise<void> | undefined
    // When a write ends, the caller might start another.
    while (ended !== this.#writing) {
      ended = this.#writing
      await ended
    }
  }

  async #write(links: readonly Link[]): Promise<void> {
    const { file, log } = this.#options
    try {
      const records = new Map<string, string>()
      for (const link of links) records.set(link.userId, await this.#sealed(link))
      await file.write(records)
    } catch (err) {
      if (!this.isUnwritable) log.error({ err }, 'cannot write the file of linked accounts')
      this.#failure = err
      throw fileProblem(err)
    }
    if (this.isUnwritable) log.info('wrote the file of linked accounts after failures')
    this.#failure = undefined
  }

  async #sealed(link: Link): Promise<string> {
    const { record } = link
    if (link.sealed !== undefined || record === undefined) return String(link.sealed)
    const text = await this.#options.sealer.seal('link record', record)
    // The record might have changed meanwhile.
    if (link.record === record) link.sealed = text
    return text
  }
}
