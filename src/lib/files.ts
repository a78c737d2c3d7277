import { constants, type PathLike } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'

const OPEN_FOLDER = constants.O_RDONLY | constants.O_DIRECTORY

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
