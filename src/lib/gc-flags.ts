import { setFlagsFromString } from 'node:v8'

/**
 * Where there is a single CPU (`cpus`), the threads with which V8 marks and sweeps beside the event
 * loop take their time from it, up to 20 ms at once. Without them the loop does so by itself, marking
 * in steps below 1 ms. To be called at the start: V8 does not expect its flags to change while it marks.
 */
export function fitGarbageCollector(
  cpus: number,
  setFlag: (flag: string) => void = setFlagsFromString,
): void {
  if (cpus !== 1) return
  setFlag('--no-concurrent-marking')
  setFlag('--no-concurrent-sweeping')
}
