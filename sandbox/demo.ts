import { once } from 'node:events'
import pretty from 'pino-pretty'
import { optionsFrom } from './options.ts'
import { startSandbox } from './sandbox.ts'
import { startServiceProcess } from './service-process.ts'

// `npm run demo`: the built service and a stand-in for Spotify, on free ports unless PORT and
// SANDBOX_PORT are set. The latency shows the cost of paging. Without a load balancer, the shutdown
// needs no delay.
const defaults = { SANDBOX_PORT: '0', SANDBOX_LATENCY_MS: '50' }
const log = pretty({ ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' })

try {
  const sandbox = await startSandbox(optionsFrom({ ...defaults, ...process.env }))
  const service = await startServiceProcess({
    sandbox,
    environment: { PORT: process.env.PORT || '0', SHUTDOWN_DELAY_MS: '0' },
    onLine: line => log.write(`${line}\n`),
    onSpawn(child) {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.once(signal, () => child.kill())
      }
      process.once('exit', () => child.kill())
    },
  })
  console.log(`
Spotify is played by a sandbox on port ${sandbox.port}. Try:

  curl ${service.url}/users/smedjan/playlists
  curl -H 'accept: text/plain' ${service.url}/users/collector/playlists
  curl '${service.url}/users/spotify%3Auser%3Asmedjan/playlists?limit=2&offset=100'

Ctrl-C ends both.
`)
  const [code] = await once(service.child, 'exit')
  await sandbox.close()
  process.exit(code ?? 1)
} catch (error) {
  console.error(`The demo did not start: ${(error as Error).message}`)
  process.exit(1)
}
