const MAX_TICKS = 100_000

/** Waits for the condition, one event loop tick at a time; fails if it never holds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tick = 0; tick < MAX_TICKS; tick++) {
    if (condition()) return
    await new Promise(resolve => setImmediate(resolve))
  }
  throw new Error(`never came true: ${condition}`)
}
