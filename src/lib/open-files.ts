import { readFileSync } from 'node:fs'

/**
 * Returns the maximum number of open files and sockets for this process (proc_pid_limits(5)); undefined
 * if there is no limit or no such file. Node raises the soft limit to the hard limit on startup.
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
