import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { PROXY_NAMES, SECRET_NAMES } from '../src/config/environment.ts'
import { configSchema } from '../src/config/schema.ts'
import type { Sandbox } from './sandbox.ts'

/**
 * Every service variable, empty. The environment and .env must neither change a test nor send real credentials
 * to the sandbox.
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
  /** Arguments for Node; default: the built service. */
  nodeArguments?: string[]
  /** A command with arguments to start Node, for example pinned to a core. */
  launcher?: string[]
  /** Channels besides the output, for example for messages from a preloaded module. */
  channels?: 'ipc'[]
  /** Variables besides those for the sandbox. */
  environment?: Record<string, string | undefined>
  /** Called when the process exists, before it listens. */
  onSpawn?: (child: ChildProcess) => void
  /** Called with every log line. */
  onLine?: (line: string) => void
  /** Where error output goes; with `pipe`, the caller reads it. */
  stderr?: 'inherit' | 'pipe'
}

/** The service in its own process. */
export interface ServiceProcess {
  /** Scheme, host and port. */
  readonly url: string
  readonly child: ChildProcess
  /** All log lines so far. */
  readonly log: readonly string[]
  /** Sends a signal, like an orchestrator, and resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Runs Node with these arguments and the variables for the sandbox. */
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
    // In a separate process group, so Ctrl-C reaches the service only through stop().
    detached: true,
    stdio: ['ignore', 'pipe', stderr, ...channels],
  })
}

/**
 * Starts the service and waits until it logs, at level info, that it listens.
 *
 * @throws {Error} if it exits before that.
 */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const child = spawnService(options)
  options.onSpawn?.(child)
  const log: string[] = []
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', code => reject(new Error(`the service exited with exit code ${code}`)))
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
