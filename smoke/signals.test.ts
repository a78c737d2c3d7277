import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { startSandbox } from '../sandbox/sandbox.ts'
import { spawnService, startServiceProcess } from '../sandbox/service-process.ts'
import { signalWhileLoading } from '../test/support/signal-while-loading.ts'

const ENTRY = 'dist/server.js'
/** Runs a command as process 1 in a new PID namespace, like a container runtime. */
const AS_PROCESS_1 = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child']
const [unshare = '', ...rest] = AS_PROCESS_1
const skip =
  spawnSync(unshare, [...rest, 'true']).status !== 0 && 'this machine allows no PID namespace'

async function sandboxFor(t: Test) {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  return sandbox
}

/** The process exit code, and the signal that killed the process. */
async function exitOf(child: ChildProcess): Promise<unknown[]> {
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
  const exit = await once(child, 'exit')
  clearTimeout(timer)
  return exit
}

t.test('SIGTERM stops process 1 in a container while it loads the service', { skip }, async t => {
  const sandbox = await sandboxFor(t)
  const nodeArguments = [...signalWhileLoading('SIGTERM'), ENTRY]
  const child = spawnService({ sandbox, launcher: AS_PROCESS_1, nodeArguments })
  t.same(await exitOf(child), [0, null])
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const) {
  t.test(`${signal} stops the service cleanly, while loading and while running`, async t => {
    const sandbox = await sandboxFor(t)
    const nodeArguments = [...signalWhileLoading(signal), ENTRY]
    t.same(await exitOf(spawnService({ sandbox, nodeArguments })), [0, null])

    const environment = { SHUTDOWN_DELAY_MS: '0' }
    const service = await startServiceProcess({ sandbox, environment })
    t.equal(await service.stop(signal), 0)
    t.match(service.log.at(-1), `"signal":"${signal}","msg":"stopping"`)
  })
}

t.test('SIGUSR1 opens no inspector, and SIGUSR1 and SIGUSR2 do not stop the service', async t => {
  const sandbox = await sandboxFor(t)
  let errors = ''
  const service = await startServiceProcess({
    sandbox,
    stderr: 'pipe',
    onSpawn: child =>
      child.stderr?.on('data', chunk => {
        errors += chunk
      }),
  })
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
    service.child.kill(signal)
    t.equal((await fetch(`${service.url}/health/live`)).status, 200, signal)
  }
  t.equal(await service.stop(), 0)
  t.equal(errors, '')
})
