/** Returns the error from failed work. If the work succeeds, returns an error no test expects. */
export function failureOf(work: unknown): Promise<unknown> {
  return Promise.resolve(work).then(
    value => new Error(`did not fail but resolved with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
}
