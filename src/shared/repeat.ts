import type { Clock } from '../clock.ts'

/** Does the work, which never rejects, again and again with a pause after each time; returns what ends that. */
export function repeat(clock: Clock, pauseMs: number, work: () => Promise<void>): () => void {
  let isOver = false
  let cancel = () => {}
  const again = () => {
    if (isOver) return
    cancel = clock.schedule(pauseMs, () => {
      work().then(again)
    })
  }
  again()
  return () => {
    isOver = true
    cancel()
  }
}
