import { constants, type PathLike } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Flags for `open`: it follows no link, and does not block on a pipe. */
export const OPEN_TO_READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW

const OPEN_FOLDER = constants.O_RDONLY | constants.O_DIRECTORY

/** Returns the temporary file that each write renames to this path. */
export function temporaryPath(path: string): string {
  return `${path}.tmp`
}

/** Opens a file or a folder. */
export type Open = (path: PathLike, flags: string | number, mode?: number) => Promise<FileHandle>

/** Makes sure that a power cut does not undo renaming or removing the file at `path` (fsync on the folder). */
export async function syncFolderOf(path: string, openFolder: Open = open): Promise<void> {
  const folder = await openFolder(dirname(path), OPEN_FOLDER)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
