import { isIPv6 } from 'node:net'
import { DEFAULT_HOST, DEFAULT_PORT, nonEmpty, readDotenv } from './config/environment.ts'

// Checks liveness from inside the container, for images without a shell or curl. Reads HOST and PORT as the
// service does.

const TIMEOUT_MS = 2000
/** A service listening on all addresses also listens on these. */
const LOOPBACK: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

const variables = nonEmpty({ ...readDotenv('.env'), ...process.env })
const { HOST = DEFAULT_HOST, PORT = DEFAULT_PORT } = variables
const host = LOOPBACK[HOST] ?? HOST
const url = `http://${isIPv6(host) ? `[${host}]` : host}:${PORT}/health/live`
const alive = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).then(
  response => response.ok,
  () => false,
)
// Docker stores the output of a failed check.
if (!alive) console.error(`${url}: the service is not alive.`)
process.exit(alive ? 0 : 1)
