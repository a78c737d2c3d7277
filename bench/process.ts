import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Profiler } from 'node:inspector'
import { join } from 'node:path'
import ts from 'typescript'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import type { Bench } from './bench.ts'
import { serverLauncher } from './cores.ts'
import type { ProbeCommand, Sample } from './probe.ts'

/** A measured server in its own process. */
export interface Measured {
  readonly url: string
  /** Sends a command to the server's probe. */
  probe(command: ProbeCommand): Promise<Sample>
  /** Records a CPU profile until the work is done. */
  profile(work: () => Promise<unknown>): Promise<Profiler.Profile>
  stop(): Promise<unknown>
}

/** Resolves with this member from the next IPC message that has it. */
async function messageFrom<T>(child: ChildProcess, member: string): Promise<T> {
  for (;;) {
    const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(60_000) })) as [
      Record<string, T>,
    ]
    if (member in message) return message[member] as T
  }
}

function probe(child: ChildProcess, command: ProbeCommand): Promise<Sample> {
  const reply = messageFrom<Sample>(child, 'sample')
  child.send(command)
  return reply
}

async function profile(child: ChildProcess, work: () => Promise<unknown>) {
  await probe(child, 'start-profile')
  await work()
  const done = messageFrom<Profiler.Profile>(child, 'profile')
  child.send('stop-profile')
  return done
}

/**
 * Compiles a file in this folder to JavaScript. A measured process must not use a TypeScript loader, which
 * would cost memory and time.
 */
function plainJavaScript(name: string): string {
  const { outputText } = ts.transpileModule(readFileSync(join(import.meta.dirname, name), 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  })
  return outputText
}

/** Arguments that make Node preload the probe. */
const probeArguments = () => [
  '--import',
  `data:text/javascript,${encodeURIComponent(plainJavaScript('probe.ts'))}`,
]

/** Starts the built service as in production, logging to a pipe with a reader. It stops when the group ends. */
export async function startService(
  bench: Bench,
  sandbox: Sandbox,
  environment: Record<string, string> = {},
): Promise<Measured> {
  const { url, child, stop } = await startServiceProcess({
    sandbox,
    environment,
    launcher: serverLauncher,
    channels: ['ipc'],
    nodeArguments: [...probeArguments(), 'dist/server.js'],
  })
  bench.defer(stop)
  return measured(url, child, stop)
}

/** A server to compare the service with. */
export interface Reference extends Measured {
  /** Sends the server a message, and resolves when the server is ready. */
  prepare(message: object): Promise<void>
}

/** Starts a reference from a file in this folder. It stops when the group ends. */
export async function startReference(bench: Bench, name: string): Promise<Reference> {
  const nodeArguments = ['--input-type=module', '--eval', plainJavaScript(name)]
  const [command, ...rest] = [
    ...serverLauncher,
    process.execPath,
    ...probeArguments(),
    ...nodeArguments,
  ] as [string]
  const child = spawn(command, rest, {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const port = await messageFrom<number>(child, 'port')
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill()
    await once(child, 'exit')
  }
  bench.defer(stop)
  return {
    ...measured(`http://127.0.0.1:${port}`, child, stop),
    async prepare(message) {
      const ready = messageFrom(child, 'isReady')
      child.send(message)
      await ready
    },
  }
}

function measured(url: string, child: ChildProcess, stop: () => Promise<unknown>): Measured {
  return {
    url,
    probe: command => probe(child, command),
    profile: work => profile(child, work),
    stop,
  }
}
