import { readFileSync } from 'node:fs'

/**
 * How many files and sockets this process may have open at once (proc_pid_limits(5)); undefined
 * where there is no limit or no such file. Node raises the soft limit to the hard one when it starts.
 */
export function openFileLimit(path = '/proc/self/limits'): number | undefined {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync(path, 'utf8')) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    // Only Linux has it.
    return undefined
  }
}
