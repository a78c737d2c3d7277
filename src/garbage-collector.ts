import { setFlagsFromString } from 'node:v8'

/**
 * Where there is a single CPU (`cpus`), the threads that V8 marks with beside the event loop take their
 * time from it, up to 20 ms at once. Without them the loop marks by itself, in steps below 1 ms. To be
 * called while little has been allocated yet.
 */
export function fitGarbageCollector(
  cpus: number,
  setFlags: (flags: string) => void = setFlagsFromString,
): void {
  if (cpus === 1) setFlags('--no-concurrent-marking')
}
