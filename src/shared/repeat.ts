import type { Clock } from '../clock.ts'

/** Does the work, which never rejects, again and again with a pause after each time; returns what ends that. */
export function repeat(clock: Clock, pauseMs: number, work: () => Promise<void>): () => void {
  let isOver = false
  const later = (): (() => void) =>
    clock.schedule(pauseMs, () => {
      work().then(() => {
        if (!isOver) cancel = later()
      })
    })
  let cancel = later()
  return () => {
    isOver = true
    cancel()
  }
}
