import { cpus } from 'node:os'
import type { Measured } from './process.ts'

/** CPU time that the whole machine has spent on anything since it began, in milliseconds. */
function machineBusyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
}

/** What some work took. */
export interface Taken<T> {
  result: T
  /** CPU time of the server meanwhile, in milliseconds. */
  cpuMs: number
  elapsedMs: number
  /** The share of the machine, 0 to 1, that neither this process nor the server took. */
  othersShare: number
}

/** Does some work that keeps a server busy. */
export async function taken<T>(server: Measured, work: () => Promise<T>): Promise<Taken<T>> {
  const startMs = performance.now()
  const busyBefore = machineBusyMs()
  const ownBefore = process.cpuUsage()
  const before = await server.ask('sample')
  const result = await work()
  const after = await server.ask('sample')
  const own = process.cpuUsage(ownBefore)
  const cpuMs = after.cpuMs - before.cpuMs
  const othersMs = machineBusyMs() - busyBefore - cpuMs - (own.user + own.system) / 1000
  const elapsedMs = performance.now() - startMs
  const othersShare = Math.max(0, othersMs) / elapsedMs / cpus().length
  return { result, cpuMs, elapsedMs, othersShare }
}
