/** The failure of the work; if it does not fail, an error that matches no pattern. */
export function failureOf(work: unknown): Promise<unknown> {
  return Promise.resolve(work).then(
    value => new Error(`did not fail but resolved with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
}
