import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { greeting } from './demo-greeting.ts'
import { demoLine } from './demo-log.ts'
import { freePort } from './free-port.ts'
import { optionsFrom } from './options.ts'
import { startSandbox } from './sandbox.ts'
import { startServiceProcess } from './service-process.ts'
import { EXAMPLES } from './users.ts'

// `npm run demo`: the built service and a stand-in for Spotify, on the same ports as in Compose if they are
// free, or on PORT and SANDBOX_PORT. The latency shows the cost of paging. Without a load balancer, the
// shutdown needs no delay.

/** Usual ports in use by another program. */
const takenPorts: number[] = []

/** The service needs a port before it listens, for the redirect URI. */
async function portFor(variable: string, usual: number): Promise<string> {
  const given = process.env[variable]
  if (given) return given === '0' ? String(await freePort()) : given
  const port = await freePort(usual)
  if (port !== usual) takenPorts.push(usual)
  return String(port)
}

const ADMIN_KEY = randomBytes(32).toString('hex')
/** This user's private playlists stay private, even from an app with the user's consent. */
const OWNER = 'with-private'

/** Invites the account owner, and returns the address where the owner links the account. */
async function invite(url: string): Promise<string> {
  const response = await fetch(`${url}/links`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ user: OWNER }),
  })
  const { page } = (await response.json()) as { page: string }
  return page
}

/** Lines before the greeting; shown only if the demo does not start. */
const early: string[] = []
let print = (line: string) => {
  early.push(line)
}

try {
  const PORT = await portFor('PORT', 3000)
  const SANDBOX_PORT = await portFor('SANDBOX_PORT', 4100)
  const defaults = {
    SANDBOX_LATENCY_MS: '50',
    SANDBOX_REDIRECT_URIS: `http://127.0.0.1:${PORT}/link/callback`,
  }
  const sandbox = await startSandbox(optionsFrom({ ...defaults, ...process.env, SANDBOX_PORT }))
  sandbox.switches.signedIn = OWNER
  const folder = mkdtempSync(join(tmpdir(), 'playlist-proxy-demo-'))
  process.once('exit', () => rmSync(folder, { recursive: true }))
  let onInvited = () => {}
  const invited = new Promise<void>(resolve => {
    onInvited = resolve
  })
  const service = await startServiceProcess({
    sandbox,
    environment: {
      PORT,
      EXAMPLE_USERS: EXAMPLES.join(),
      SPOTIFY_AUTHORIZE_URL: sandbox.authorizeUrl,
      LINKS_FILE: join(folder, 'links.json'),
      ADMIN_KEYS: `demo:${ADMIN_KEY}`,
      // Cache hits are logged at this level.
      LOG_LEVEL: 'debug',
      SHUTDOWN_DELAY_MS: '0',
    },
    onLine(line) {
      const shown = demoLine(line)
      if (shown !== undefined) print(shown)
      if (line.includes('"route":"/links"')) onInvited()
    },
    onSpawn(child) {
      let isStopping = false
      const stop = () => {
        // Ctrl-C arrives twice, directly and through tsx, and a second signal would end the service at once.
        if (!isStopping) child.kill()
        isStopping = true
      }
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
      process.once('exit', () => child.kill())
    },
  })
  const invitation = await invite(service.url)
  // Waits for the invitation's log line, to keep it out of the output: no person requested it.
  await invited
  print = console.log
  const { latencyMs } = sandbox
  const sandboxUrl = new URL(sandbox.apiUrl).origin
  const playlistsOf = (user: string) => sandbox.user(user)?.length ?? 0
  print(greeting({ url: service.url, sandboxUrl, latencyMs, takenPorts, playlistsOf, invitation }))
  const [code] = await once(service.child, 'exit')
  await sandbox.close()
  process.exit(code ?? 1)
} catch (error) {
  for (const line of early) console.error(line)
  console.error(`The demo did not start: ${(error as Error).message}`)
  process.exit(1)
}
