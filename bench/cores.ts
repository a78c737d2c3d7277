import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** The core of the measured processes, and the core of the benchmark. */
const SERVER_CORE = '1'
const LOAD_CORE = '0'

const canPin =
  process.platform === 'linux' &&
  availableParallelism() > 1 &&
  spawnSync('taskset', ['--version']).status === 0

/** Arguments that start a command on the core of the measured processes; empty without taskset. */
export const serverLauncher: string[] = canPin ? ['taskset', '-c', SERVER_CORE] : []

/** Moves all threads of this process to the other core. Returns whether it did. */
export function leaveServerCore(): boolean {
  if (!canPin) return false
  const { status } = spawnSync('taskset', ['-a', '-c', '-p', LOAD_CORE, String(process.pid)])
  return status === 0
}
