import { closeSync, lstatSync, openSync, readSync } from 'node:fs'
import { OPEN_TO_READ, temporaryPath } from './files.ts'

/** The first line of a snapshot in this version. */
export const PREAMBLE = Buffer.from('playlist-proxy snapshot 2\n')

/** The beginning of a snapshot in any version, possibly truncated. */
const MARK = 'playlist-proxy snapshot '
const BEGINNING = new RegExp(`^${MARK}\\d+(?:\\n|$)`)
/** How many bytes to read to recognise a snapshot; longer than any preamble. */
const BEGINNING_BYTES = 40

/**
 * Returns why the service cannot write a snapshot at this path, in one sentence for each file it would
 * replace. The service may replace an empty file and a snapshot in any version, even a damaged snapshot.
 */
export function snapshotFaults(path: string | undefined): string[] {
  if (path === undefined) return []
  return [
    ...faultsOf(path, 'the file'),
    ...faultsOf(temporaryPath(path), 'the temporary file, with .tmp appended,'),
  ]
}

function faultsOf(path: string, subject: string): string[] {
  try {
    if (!lstatSync(path).isFile()) {
      return [`${subject} is a folder, a link, a pipe, a socket or a device; choose a new file`]
    }
    const beginning = beginningOf(path)
    if (MARK.startsWith(beginning) || BEGINNING.test(beginning)) return []
    return [`${subject} is not a snapshot and would be overwritten; choose a new file`]
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? [] : [`${subject} cannot be read (${code}); choose a new file`]
  }
}

function beginningOf(path: string): string {
  const file = openSync(path, OPEN_TO_READ)
  try {
    const bytes = Buffer.alloc(BEGINNING_BYTES)
    return bytes.toString('latin1', 0, readSync(file, bytes))
  } finally {
    closeSync(file)
  }
}
