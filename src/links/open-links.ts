import { lockFile } from './file-lock.ts'
import type { LinkFile } from './link-file.ts'
import { LinkFileError } from './link-file-error.ts'
import { Links, type LinksOptions } from './links.ts'

/** The links of a file that no other process uses. */
export interface OpenLinks {
  readonly links: Links
  /** Waits for writes in flight, and lets other processes use the file. */
  close(): Promise<void>
}

/**
 * Opens the file of links, warns of consents that end and removes old rows. Writes the file at once if there
 * is none, if others may read it, or if records are sealed with the previous key, so the start fails if the
 * file cannot be written.
 *
 * @throws {LinkFileError} if the file cannot be used. Then the file stays as it is.
 */
export async function openLinks(
  file: LinkFile,
  options: Omit<LinksOptions, 'file'>,
): Promise<OpenLinks> {
  const release = await lockFile(file.path)
  let links: Links | undefined
  async function close() {
    await links?.close()
    await release()
  }
  try {
    const content = await file.read()
    links = new Links({ file, ...options })
    const isToReseal = content !== undefined && (await links.load(content.records))
    // Makes up for the sweeps that the service missed while it was not running.
    await links.sweep()
    if (content?.isPrivate !== true || isToReseal || links.isUnwritable) {
      await links.save().catch(({ cause }: Error) => {
        const { code } = cause as NodeJS.ErrnoException
        throw new LinkFileError(
          file.path,
          `cannot be written (${code}); its folder must be writable`,
        )
      })
    }
    return { links, close }
  } catch (error) {
    await close()
    throw error
  }
}
