import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get as httpGet } from 'node:http'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import t from 'tap'
import { spawnService, startServiceProcess } from '../sandbox/service-process.ts'
import { nodeArguments, sandboxFor, startServer } from './support/server-process.ts'

t.test('the service serves lists, and SIGTERM stops it with idle connections open', async t => {
  const lines: string[] = []
  const onLine = (line: string) => lines.push(line)
  const spawned: unknown[] = []
  const onSpawn = (child: unknown) => spawned.push(child)
  const { service } = await startServer(t, { onLine, onSpawn })
  t.same(spawned, [service.child])
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const [response] = await once(
    httpGet(`${service.url}/users/smedjan/playlists`, { agent }),
    'response',
  )
  const body = JSON.parse((await buffer(response)).toString())
  t.match(body, { total: 120, complete: true, href: `${service.url}/users/smedjan/playlists` })
  t.equal(await service.stop(), 0)
  t.equal(await service.stop(), 0, 'the process has already exited')
  const log = service.log.map(line => JSON.parse(line))
  t.match(log[0], { level: 'info', msg: 'starting', node_version: process.version })
  t.match(log.at(-1), { level: 'info', msg: 'stopping', signal: 'SIGTERM' })
  t.same(lines, service.log)
})

t.test('a service started by a test does not see the variables of the test process', async t => {
  process.env.LOG_LEVEL = 'silent'
  t.teardown(() => {
    delete process.env.LOG_LEVEL
  })
  const { service } = await startServer(t)
  t.equal(await service.stop(), 0)
})

t.test('with HOST=localhost, the service listens on one address', async t => {
  const environment = { HOST: 'localhost' }
  const { service } = await startServer(t, { environment })
  t.match(service.url, 'http://127.0.0.1:')
  t.equal(await service.stop(), 0)
  t.equal(service.log.filter(line => line.includes('listening')).length, 1)
})

t.test('a service that cannot listen logs which variable to set, and exits', async t => {
  const sandbox = await sandboxFor(t)
  for (const [code, environment, remedy] of [
    ['EADDRINUSE', { PORT: String(sandbox.port) }, /PORT to a free port/],
    ['EADDRNOTAVAIL', { HOST: '192.0.2.1' }, /HOST to an address of this machine/],
  ] as const) {
    const child = spawnService({ sandbox, nodeArguments, environment })
    const log = text(child.stdout as NodeJS.ReadableStream)
    t.same(await once(child, 'exit'), [1, null])
    const last = JSON.parse((await log).trim().split('\n').at(-1) as string)
    t.match(last, { level: 'fatal', msg: 'cannot listen', err: { code }, remedy })
    await t.rejects(startServiceProcess({ sandbox, nodeArguments, environment }), /exit code 1/)
  }
})

t.test('the service exits if CACHE_SNAPSHOT_FILE is a pipe', async t => {
  const sandbox = await sandboxFor(t)
  const path = join(t.testdir({}), 'pipe')
  execFileSync('mkfifo', [path])
  const environment = { CACHE_SNAPSHOT_FILE: path }
  const child = spawnService({ sandbox, nodeArguments, environment, stderr: 'pipe' })
  const message = text(child.stderr as NodeJS.ReadableStream)
  t.same(await once(child, 'exit'), [1, null])
  t.match(await message, /^ {2}CACHE_SNAPSHOT_FILE: the file is .*a pipe/m)
})

t.test('the service exits with a log line if LINKS_FILE is not a links file', async t => {
  const sandbox = await sandboxFor(t)
  // A short path, since the lock next to the file is a socket.
  const folder = mkdtempSync('/tmp/server-')
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'links')
  writeFileSync(file, 'nothing')
  const environment = {
    LINKS_FILE: file,
    LINKS_REDIRECT_URI: 'http://127.0.0.1:3000/link/callback',
    ADMIN_KEYS: `admin:${'a'.repeat(32)}`,
  }
  const child = spawnService({ sandbox, nodeArguments, environment })
  const log = text(child.stdout as NodeJS.ReadableStream)
  t.same(await once(child, 'exit'), [1, null])
  t.match(await log, `"message":"LINKS_FILE ${file} is not JSON`)
})

t.test('the error for an invalid configuration lists all faults and no values', async t => {
  const sandbox = { apiUrl: 'ftp://x', tokenUrl: '', clientId: 'a b', clientSecret: '' }
  const environment = { PORT: 'eighty', SPOTIFY_CLIENT_SECRET_FILE: '/no/such/file' }
  const child = spawnService({ sandbox, nodeArguments, environment, stderr: 'pipe' })
  const message = text(child.stderr as NodeJS.ReadableStream)
  t.same(await once(child, 'exit'), [1, null])
  for (const name of [
    'SPOTIFY_API_URL',
    'SPOTIFY_CLIENT_ID',
    'PORT',
    'SPOTIFY_CLIENT_SECRET_FILE',
  ]) {
    t.match(await message, new RegExp(`^  ${name}: `, 'm'))
  }
  t.notMatch(await message, /eighty|ftp|a b/)
})

t.test('a misspelt variable logs a warning', async t => {
  const environment = { CACHE_FRESH_SECOND: '60' }
  const { service } = await startServer(t, { environment })
  t.equal(await service.stop(), 0)
  t.match(service.log.join('\n'), /CACHE_FRESH_SECOND is unknown; did you mean CACHE_FRESH_SECONDS/)
})
