import { closeSync, constants, lstatSync, openSync, readSync } from 'node:fs'

/** What a snapshot of this version begins with. */
export const PREAMBLE = Buffer.from('playlist-proxy snapshot 2\n')

/** Follows no link and waits for no writer of a pipe. */
export const OPEN_TO_READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW

/** How the snapshots of all versions begin, and what is left of one that was cut short there. */
const MARK = 'playlist-proxy snapshot '
const BEGINNING = new RegExp(`^${MARK}\\d+(?:\\n|$)`)
/** More than a preamble has. */
const BEGINNING_BYTES = 40

/** The file that is written first and then replaces the snapshot at this path. */
export function temporaryPath(path: string): string {
  return `${path}.tmp`
}

/**
 * Says why no snapshot can be kept at this path, in a sentence for each file that it would replace.
 * No file, an empty one, and a snapshot of any version, whole or damaged, may be replaced.
 */
export function snapshotFaults(path: string | undefined): string[] {
  if (path === undefined) return []
  return [
    ...faultsOf(path, 'the file'),
    ...faultsOf(temporaryPath(path), 'the file with .tmp appended, which is written first,'),
  ]
}

function faultsOf(path: string, subject: string): string[] {
  try {
    if (!lstatSync(path).isFile()) {
      return [`${subject} is a folder, a link, a pipe, a socket or a device; name a new file`]
    }
    const beginning = beginningOf(path)
    if (MARK.startsWith(beginning) || BEGINNING.test(beginning)) return []
    return [`${subject} is not a snapshot and would be overwritten; name a new file`]
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? [] : [`${subject} cannot be read (${code}); name a new file`]
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
