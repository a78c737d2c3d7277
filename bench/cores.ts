import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Where the processes run that are measured, and where all else of the benchmark does. */
const SERVER_CORE = '1'
const LOAD_CORE = '0'

const canPin =
  process.platform === 'linux' &&
  availableParallelism() > 1 &&
  spawnSync('taskset', ['--version']).status === 0

/** Starts a command on the core for what is measured; nothing where that cannot be done. */
export const serverLauncher: string[] = canPin ? ['taskset', '-c', SERVER_CORE] : []

/** Moves this process, all threads, away from what is measured. Returns whether that could be done. */
export function leaveServerCore(): boolean {
  if (!canPin) return false
  const { status } = spawnSync('taskset', ['-a', '-c', '-p', LOAD_CORE, String(process.pid)])
  return status === 0
}
