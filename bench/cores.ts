import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** The cores for the measured processes and for the benchmark itself. */
const SERVER_CORE = '1'
const LOAD_CORE = '0'

const canPin =
  process.platform === 'linux' &&
  availableParallelism() > 1 &&
  spawnSync('taskset', ['--version']).status === 0

/** Arguments that start a command on the server core; empty without taskset. */
export const serverLauncher: string[] = canPin ? ['taskset', '-c', SERVER_CORE] : []

/** Moves all threads of this process to the other core. Returns whether that worked. */
export function leaveServerCore(): boolean {
  if (!canPin) return false
  const { status } = spawnSync('taskset', ['-a', '-c', '-p', LOAD_CORE, String(process.pid)])
  return status === 0
}
