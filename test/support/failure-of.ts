/** Returns the error of the work, or an error of its own if the work succeeds. */
export function failureOf(work: unknown): Promise<unknown> {
  return Promise.resolve(work).then(
    value => new Error(`did not fail but gave ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
}
