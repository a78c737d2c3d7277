/**
 * Runs work that outlives the request that caused it, outside the trace of that request. `name` is for
 * the trace of the work. Starts `work`, which never rejects, at once.
 */
export type RunInBackground = (name: string, work: () => Promise<void>) => void

/** Runs the work without tracing. */
export const runUntraced: RunInBackground = (_name, work) => {
  work()
}
