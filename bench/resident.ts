import { readFileSync } from 'node:fs'

/** Resident process memory in bytes: now, and at the peak since process start. */
export interface Resident {
  nowBytes: number
  peakBytes: number
}

/**
 * Reads the resident memory from Linux.
 *
 * @throws {Error} if there is no such process or no /proc.
 */
export function residentOf(pid: number): Resident {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  const bytes = (name: string) =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1])
  return { nowBytes: bytes('VmRSS'), peakBytes: bytes('VmHWM') }
}
