/** Runs deferred functions in reverse order; after a signal, then ends the process. */
export class Cleanup {
  #closers: (() => unknown)[] = []

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, async () => {
        console.error(`received ${signal}`)
        await this.run().catch(console.error)
        process.exit(130)
      })
    }
  }

  readonly defer = (close: () => unknown): void => {
    this.#closers.push(close)
  }

  /** Runs all functions, even if some fail, then throws their errors. */
  async run(): Promise<void> {
    const closers = this.#closers.reverse()
    this.#closers = []
    const failures: unknown[] = []
    for (const close of closers) {
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'cleanup failed')
  }
}
