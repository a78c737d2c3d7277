/**
 * Runs work that outlives the request causing it, outside that request's trace. `name` is for the work's
 * own trace. Starts `work`, which never rejects, at once.
 */
export type RunInBackground = (name: string, work: () => Promise<void>) => void

/** Runs the work untraced. */
export const runUntraced: RunInBackground = (_name, work) => {
  work()
}
