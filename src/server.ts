import { setImmediate as nextTurn } from 'node:timers/promises'
import { makeOutputLossy } from './lib/standard-streams.ts'

// The entry point. It handles signals before it loads the service, which takes a while: until then
// process 1 of a container would lose a SIGTERM, and be killed for not stopping.

/** Those that ask the service to stop. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const
/** SIGUSR1 would open Node's inspector, which reads secrets, and SIGUSR2 would end the process. */
const IGNORED_SIGNALS = ['SIGUSR1', 'SIGUSR2'] as const

const stopAtOnce = () => process.exit(0)
for (const signal of STOP_SIGNALS) process.on(signal, stopAtOnce)
for (const signal of IGNORED_SIGNALS) process.on(signal, () => {})
makeOutputLossy()

const { start } = await import('./start.ts')
// Loading blocks the event loop; a signal that came meanwhile is handled in its next turn.
await nextTurn()
await start(() => {
  for (const signal of STOP_SIGNALS) process.off(signal, stopAtOnce)
})
