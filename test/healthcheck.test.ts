import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { startService } from './support/service.ts'

async function check(port: string): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, 'src/healthcheck.ts'], {
    env: { ...process.env, PORT: port },
    stdio: 'inherit',
  })
  const [code] = await once(child, 'exit')
  return code
}

t.test('the check of the container passes while the service is alive', async t => {
  const { app } = await startService(t)
  await app.listen({ port: 0 })
  const { port } = app.server.address() as AddressInfo
  t.equal(await check(String(port)), 0)
  await app.close()
  t.equal(await check(String(port)), 1)
})
