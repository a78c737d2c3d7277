import { lockFile } from './file-lock.ts'
import type { LinkFile } from './link-file.ts'
import { LinkFileError } from './link-file-error.ts'
import { Links, type LinksOptions } from './links.ts'

/** The links from a file no other process uses. */
export interface OpenLinks {
  readonly links: Links
  /** Waits for writes in flight, and lets other processes use the file. */
  close(): Promise<void>
}

/**
 * Opens the links file, warns about ending consents and removes old rows. Writes the file at once if it does
 * not exist, if others can read it, or if records are sealed with the previous key, so startup fails if the
 * file is unwritable.
 *
 * @throws {LinkFileError} if the file cannot be used. Then the file stays unchanged.
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
    // Makes up for sweeps missed while the service was not running.
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
