import { cpus } from 'node:os'
import type { Measured } from './process.ts'

/** CPU time for the whole machine since boot, in milliseconds. */
function machineBusyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
}

/** The result of some work, and the resources used. */
export interface Measurement<T> {
  result: T
  /** The server's CPU time, in milliseconds. */
  cpuMs: number
  elapsedMs: number
  /** The machine share used by other processes, 0 to 1. */
  othersShare: number
}

/** Measures the resources that a server and the rest of the machine use during the work. */
export async function measureUsage<T>(
  server: Measured,
  work: () => Promise<T>,
): Promise<Measurement<T>> {
  const startMs = performance.now()
  const busyBefore = machineBusyMs()
  const ownBefore = process.cpuUsage()
  const before = await server.probe('sample')
  const result = await work()
  const after = await server.probe('sample')
  const own = process.cpuUsage(ownBefore)
  const cpuMs = after.cpuMs - before.cpuMs
  const othersMs = machineBusyMs() - busyBefore - cpuMs - (own.user + own.system) / 1000
  const elapsedMs = performance.now() - startMs
  const othersShare = Math.max(0, othersMs) / elapsedMs / cpus().length
  return { result, cpuMs, elapsedMs, othersShare }
}
