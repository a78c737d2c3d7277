const MAX_TICKS = 100_000

/** Waits, tick by tick of the event loop, until the condition holds; fails if it never does. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tick = 0; tick < MAX_TICKS; tick++) {
    if (condition()) return
    await new Promise(resolve => setImmediate(resolve))
  }
  throw new Error(`never came true: ${condition}`)
}
