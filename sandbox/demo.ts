import { once } from 'node:events'
import { greeting } from './demo-greeting.ts'
import { demoLine } from './demo-log.ts'
import { portOrAny } from './free-port.ts'
import { optionsFrom } from './options.ts'
import { startSandbox } from './sandbox.ts'
import { startServiceProcess } from './service-process.ts'
import { EXAMPLES } from './users.ts'

// `npm run demo`: the built service and a stand-in for Spotify, on the ports of the Compose file if
// they are free, or on PORT and SANDBOX_PORT. The latency shows the cost of paging. Without a load
// balancer, the shutdown needs no delay.

/** Usual ports that another program uses. */
const takenPorts: number[] = []

async function portFor(variable: string, usual: number): Promise<string> {
  const given = process.env[variable]
  if (given) return given
  const port = await portOrAny(usual)
  if (port !== usual) takenPorts.push(usual)
  return String(port)
}

/** Lines from before the greeting, for the case that it never comes. */
const early: string[] = []
let print = (line: string) => {
  early.push(line)
}

try {
  const PORT = await portFor('PORT', 3000)
  const SANDBOX_PORT = await portFor('SANDBOX_PORT', 4100)
  const defaults = { SANDBOX_LATENCY_MS: '50' }
  const sandbox = await startSandbox(optionsFrom({ ...defaults, ...process.env, SANDBOX_PORT }))
  const service = await startServiceProcess({
    sandbox,
    environment: {
      PORT,
      EXAMPLE_USERS: EXAMPLES.join(),
      // The level of the lines about cache hits.
      LOG_LEVEL: 'debug',
      SHUTDOWN_DELAY_MS: '0',
    },
    onLine(line) {
      const shown = demoLine(line)
      if (shown !== undefined) print(shown)
    },
    onSpawn(child) {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.once(signal, () => child.kill())
      }
      process.once('exit', () => child.kill())
    },
  })
  print = console.log
  const { latencyMs } = sandbox
  const sandboxUrl = new URL(sandbox.apiUrl).origin
  const playlistsOf = (user: string) => sandbox.user(user)?.length ?? 0
  print(greeting({ url: service.url, sandboxUrl, latencyMs, takenPorts, playlistsOf }))
  const [code] = await once(service.child, 'exit')
  await sandbox.close()
  process.exit(code ?? 1)
} catch (error) {
  for (const line of early) console.error(line)
  console.error(`The demo did not start: ${(error as Error).message}`)
  process.exit(1)
}
