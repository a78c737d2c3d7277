/**
 * Runs work that outlives the request that gave rise to it, so that traces do not count it as that
 * request's. `name` says what it is; `work` is begun at once and does not reject.
 */
export type RunApart = (name: string, work: () => Promise<void>) => void

/** Where nothing is traced. */
export const runPlainly: RunApart = (_name, work) => {
  work()
}
