import { readFileSync } from 'node:fs'

/**
 * The maximum number of open files and sockets of this process (proc_pid_limits(5)); undefined if there
 * is no limit or no such file. Node raises the soft limit to the hard one at its start.
 */
export function openFileLimit(path = '/proc/self/limits'): number | undefined {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync(path, 'utf8')) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    // Only Linux has the file.
    return undefined
  }
}
