import type { Test } from 'tap'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { type ServiceProcessOptions, startServiceProcess } from '../../sandbox/service-process.ts'
import { loaderArguments } from './loader-arguments.ts'

/** Node arguments to run the service like this process: compiled in the same way, and with coverage. */
export const nodeArguments = [...loaderArguments, 'src/server.ts']

/** A sandbox that runs until the test ends. */
export async function sandboxFor(t: Test) {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  return sandbox
}

/** Starts a sandbox, and the service in a separate process. */
export async function startServer(t: Test, options: Omit<ServiceProcessOptions, 'sandbox'> = {}) {
  const sandbox = await sandboxFor(t)
  const service = await startServiceProcess({ sandbox, nodeArguments, ...options })
  t.teardown(() => service.stop())
  return { sandbox, service }
}
