/** What the work fails with; an error of its own when it does not fail, so that no pattern fits. */
export function failureOf(work: unknown): Promise<unknown> {
  return Promise.resolve(work).then(
    value => new Error(`did not fail but gave ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
}
