import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Profiler } from 'node:inspector'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import { serverLauncher } from './cores.ts'
import { plainJavaScript, probeArguments } from './plain-javascript.ts'
import type { Question, Sample } from './probe.ts'

/** A server in a process of its own that is measured. */
export interface Measured {
  readonly url: string
  readonly child: ChildProcess
  /** Asks its probe. */
  ask(question: Question): Promise<Sample>
  /** The CPU profile of what runs until the work is done. */
  profile(work: () => Promise<unknown>): Promise<Profiler.Profile>
  stop(): Promise<unknown>
}

/** The answer of a child over IPC that has this member. */
async function told<T>(child: ChildProcess, member: string): Promise<T> {
  for (;;) {
    const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(60_000) })) as [
      Record<string, T>,
    ]
    if (member in message) return message[member] as T
  }
}

function ask(child: ChildProcess, question: Question): Promise<Sample> {
  const answer = told<Sample>(child, 'sample')
  child.send(question)
  return answer
}

async function profile(child: ChildProcess, work: () => Promise<unknown>) {
  await ask(child, 'start-profile')
  await work()
  const done = told<Profiler.Profile>(child, 'profile')
  child.send('stop-profile')
  return done
}

/** The built service, as it is deployed: its log goes into a pipe that is read. */
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
    ask: question => ask(child, question),
    profile: work => profile(child, work),
    stop: () => service.stop(),
  }
}

/** Plain node:http with one ready-made Buffer. */
export interface PlainServer extends Measured {
  /** Makes it answer with that many bytes from now on. */
  answerWith(bytes: number): Promise<void>
}

export async function startPlainServer(): Promise<PlainServer> {
  const nodeArguments = ['--input-type=module', '--eval', plainJavaScript('plain-server.ts')]
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
  const port = await told<number>(child, 'port')
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    ask: question => ask(child, question),
    profile: work => profile(child, work),
    async answerWith(bytes) {
      const ready = told(child, 'isReady')
      child.send({ bytes })
      await ready
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill()
      await once(child, 'exit')
    },
  }
}
