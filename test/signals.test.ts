import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { spawnService } from '../sandbox/service-process.ts'
import { loaderArguments } from './support/loader-arguments.ts'
import { startServer } from './support/server-process.ts'
import { signalWhileLoading } from './support/signal-while-loading.ts'

t.test('SIGTERM while the service loads stops it with exit code 0', async t => {
  const child = spawnService({
    sandbox: { apiUrl: '', tokenUrl: '', clientId: '', clientSecret: '' },
    nodeArguments: [...loaderArguments, ...signalWhileLoading('SIGTERM'), 'src/server.ts'],
    stderr: 'pipe',
  })
  const errors = text(child.stderr as NodeJS.ReadableStream)
  t.same(await once(child, 'exit'), [0, null])
  t.equal(await errors, '', 'it exits before it reads its configuration')
})

t.test('SIGUSR1 and SIGUSR2 do nothing, and SIGHUP stops the service', async t => {
  const { service } = await startServer(t)
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
    service.child.kill(signal)
    t.equal((await fetch(`${service.url}/health/live`)).status, 200, signal)
  }
  t.equal(await service.stop('SIGHUP'), 0)
  t.match(service.log.at(-1), '"signal":"SIGHUP","msg":"stopping"')
})

t.test('a signal for a process fault, such as SIGBUS, keeps the default action', async t => {
  const { service } = await startServer(t)
  await service.stop('SIGBUS')
  t.equal(service.child.signalCode, 'SIGBUS')
})
