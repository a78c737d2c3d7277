import { setFlagsFromString } from 'node:v8'

/**
 * With a single CPU, makes V8 mark and sweep on the event loop, in steps below 1 ms: V8's threads would
 * take the CPU from the event loop for up to 20 ms at a time. Call it at process start, because V8 does not
 * expect these flags to change while it marks.
 */
export function setGcFlags(
  cpus: number,
  setFlag: (flag: string) => void = setFlagsFromString,
): void {
  if (cpus !== 1) return
  setFlag('--no-concurrent-marking')
  setFlag('--no-concurrent-sweeping')
}
