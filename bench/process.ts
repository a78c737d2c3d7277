import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Profiler } from 'node:inspector'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import { serverLauncher } from './cores.ts'
import { plainJavaScript, probeArguments } from './plain-javascript.ts'
import type { ProbeCommand, Sample } from './probe.ts'

/** A measured server in its own process. */
export interface Measured {
  readonly url: string
  readonly child: ChildProcess
  /** Sends a command to the server's probe. */
  probe(command: ProbeCommand): Promise<Sample>
  /** Records a CPU profile until the work is done. */
  profile(work: () => Promise<unknown>): Promise<Profiler.Profile>
  stop(): Promise<unknown>
}

/** Resolves with this member of the next IPC message that has it. */
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

/** Starts the built service as in production: it logs to a pipe that a reader empties. */
export async function startService(
  sandbox: Sandbox,
  environment: Record<string, string> = {},
): Promise<Measured> {
  const service = await startServiceProcess({
    sandbox,
    environment,
    launcher: serverLauncher,
    channels: ['ipc'],
    nodeArguments: [...probeArguments(), 'dist/server.js'],
  })
  const { url, child } = service
  return {
    url,
    child,
    probe: command => probe(child, command),
    profile: work => profile(child, work),
    stop: () => service.stop(),
  }
}

/** A server that the service is compared with. */
export interface Reference extends Measured {
  /** Sends the server a message, and resolves when the server is ready. */
  prepare(message: object): Promise<void>
}

/** Starts a reference from a file in this folder. */
export async function startReference(name: string): Promise<Reference> {
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
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    probe: command => probe(child, command),
    profile: work => profile(child, work),
    async prepare(message) {
      const ready = messageFrom(child, 'isReady')
      child.send(message)
      await ready
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill()
      await once(child, 'exit')
    },
  }
}
