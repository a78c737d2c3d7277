const MAX_TURNS = 100_000

/** Waits, task by task, until the condition holds; fails if it never does. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    if (condition()) return
    await new Promise(resolve => setImmediate(resolve))
  }
  throw new Error(`never came true: ${condition}`)
}
