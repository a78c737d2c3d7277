import { setImmediate as nextTask } from 'node:timers/promises'
import { makeOutputLossy } from './lib/standard-streams.ts'

// The entry point. It handles signals before it loads the service, because loading takes a while: Linux
// drops a SIGTERM if process 1 in a container has no handler for it, and the orchestrator later kills the
// container.

/** Signals that stop the service. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const
/** By default, SIGUSR1 opens Node's inspector, which can read secrets, and SIGUSR2 ends the process. */
const IGNORED_SIGNALS = ['SIGUSR1', 'SIGUSR2'] as const

const stopAtOnce = () => process.exit(0)
for (const signal of STOP_SIGNALS) process.on(signal, stopAtOnce)
for (const signal of IGNORED_SIGNALS) process.on(signal, () => {})
makeOutputLossy()

const { start } = await import('./start.ts')
// Loading blocks the event loop, so Node handles a signal received meanwhile in the next task.
await nextTask()
await start(() => {
  for (const signal of STOP_SIGNALS) process.off(signal, stopAtOnce)
})
