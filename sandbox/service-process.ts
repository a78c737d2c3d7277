import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { PROXY_NAMES } from '../src/config/environment.ts'
import { configSchema, SECRET_NAMES } from '../src/config/schema.ts'
import type { Sandbox } from './sandbox.ts'

/**
 * Every variable of the service, set to nothing. What somebody has in the environment or in .env
 * must neither change a test nor send real credentials to the sandbox.
 */
const unset = Object.fromEntries(
  [
    ...Object.keys(configSchema.properties),
    ...SECRET_NAMES.map(name => `${name}_FILE`),
    ...PROXY_NAMES.map(name => name.toLowerCase()),
    ...Object.keys(process.env).filter(name => name.startsWith('OTEL_')),
    'OTEL_SDK_DISABLED',
    'OTEL_TRACES_EXPORTER',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  ].map(name => [name, '']),
)

export interface ServiceProcessOptions {
  sandbox: Pick<Sandbox, 'apiUrl' | 'tokenUrl' | 'clientId' | 'clientSecret'>
  /** Arguments for Node; the built service when left out. */
  nodeArguments?: string[]
  /** A command, with its arguments, that starts Node, such as one that pins it to a core. */
  launcher?: string[]
  /** More channels than its output, such as one for what a module that it preloads has to tell. */
  channels?: 'ipc'[]
  /** Variables beside those that point at the sandbox. */
  environment?: Record<string, string | undefined>
  /** Called as soon as the process exists, before it listens. */
  onSpawn?: (child: ChildProcess) => void
  /** Called with every line of its log. */
  onLine?: (line: string) => void
  /** Where its error output goes; `pipe` hands it to the caller. */
  stderr?: 'inherit' | 'pipe'
}

/** The service as a process of its own, as it is deployed. */
export interface ServiceProcess {
  /** Where it listens: scheme, host and port. */
  readonly url: string
  readonly child: ChildProcess
  /** Every line of its log so far. */
  readonly log: readonly string[]
  /** Asks it to end as an orchestrator would; resolves with its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Runs Node with these arguments and what points the service at the sandbox. */
export function spawnService(options: ServiceProcessOptions): ChildProcess {
  const { sandbox, nodeArguments = ['dist/server.js'], environment, stderr = 'inherit' } = options
  const { launcher = [], channels = [] } = options
  const [command, ...rest] = [...launcher, process.execPath, ...nodeArguments] as [string]
  return spawn(command, rest, {
    env: {
      ...process.env,
      ...unset,
      SPOTIFY_CLIENT_ID: sandbox.clientId,
      SPOTIFY_CLIENT_SECRET: sandbox.clientSecret,
      SPOTIFY_API_URL: sandbox.apiUrl,
      SPOTIFY_TOKEN_URL: sandbox.tokenUrl,
      PORT: '0',
      ...environment,
    },
    // A group of its own, so that Ctrl-C reaches it once, through stop().
    detached: true,
    stdio: ['ignore', 'pipe', stderr, ...channels],
  })
}

/**
 * Starts the service and waits until it listens, which it logs at level info.
 *
 * @throws {Error} when it ends before that.
 */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const child = spawnService(options)
  options.onSpawn?.(child)
  const log: string[] = []
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', code => reject(new Error(`the service ended with exit code ${code}`)))
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line => {
      log.push(line)
      options.onLine?.(line)
      const [, listening] = /Server listening at (http:\/\/[^"]+)/.exec(line) ?? []
      if (listening !== undefined) resolve(listening)
    })
  })
  return {
    url,
    child,
    log,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      child.kill(signal)
      const [code] = (await once(child, 'exit')) as [number | null]
      return code
    },
  }
}
