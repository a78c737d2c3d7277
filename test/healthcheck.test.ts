import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import t, { type Test } from 'tap'
import { loaderArguments } from './support/loader-arguments.ts'
import { startService } from './support/service.ts'

const healthcheck = resolve('src/healthcheck.ts')

/** Starts a service on this address and returns the port. */
async function listening(t: Test, host: string): Promise<string> {
  const { app } = await startService(t)
  await app.listen({ host, port: 0 })
  return String((app.server.address() as AddressInfo).port)
}

/** Runs the health check in a folder with this `.env`. Resolves with the exit code and error output. */
async function check(t: Test, variables: Record<string, string>, dotenv = '') {
  const child = spawn(process.execPath, [...loaderArguments, healthcheck], {
    cwd: t.testdir({ '.env': dotenv }),
    env: { ...process.env, HOST: undefined, PORT: undefined, ...variables },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', text => {
    said += text
  })
  const [code] = await once(child, 'close')
  return { code, said }
}

t.test('the health check passes only while the service listens', async t => {
  const { app } = await startService(t)
  await app.listen({ port: 0 })
  const { port } = app.server.address() as AddressInfo
  t.match(await check(t, { PORT: String(port) }), { code: 0, said: '' })
  await app.close()
  t.match(await check(t, { PORT: String(port) }), { code: 1, said: `127.0.0.1:${port}` })
})

t.test('the health check reads HOST like the service', async t => {
  for (const host of ['0.0.0.0', '::', '::1', '127.0.0.2', 'localhost']) {
    const port = await listening(t, host)
    t.match(await check(t, { HOST: host, PORT: port }), { code: 0 }, host)
    if (host === '127.0.0.2')
      t.match(await check(t, { PORT: port }), { code: 1 }, 'not on the default address')
  }
})

t.test(
  'the health check reads .env like the service; an empty variable counts as unset',
  async t => {
    const port = await listening(t, '127.0.0.1')
    t.match(await check(t, { HOST: '' }, `PORT=${port}\n`), { code: 0 })
    // No other program on this machine uses the default port on this address.
    t.match(await check(t, { HOST: '127.0.0.3', PORT: '' }, `PORT=${port}\n`), {
      code: 1,
      said: 'http://127.0.0.3:3000/',
    })
  },
)
