import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { SECRET_NAMES } from '../../src/config/environment.ts'
import { configSchema } from '../../src/config/schema.ts'
import { withoutProgram } from '../support/programs.ts'

const run = promisify(execFile)
const read = (path: string) => readFileSync(path, 'utf8')
const UNIT = 'deploy/systemd/playlist-proxy.service'
const unit = read(UNIT)
const operating = read('docs/operating.md')
const settings = (name: string) =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)
const setting = (name: string) => settings(name)[0] ?? ''
const variables = new Map(
  settings('Environment').map(line => line.split('=', 2) as [string, string]),
)
const skip = withoutProgram('systemd-analyze', 'systemd')
/** The unit's maximum exposure, from 0 for none to 10 for a root process without limits. */
const MAX_EXPOSURE = 2

t.test('the unit sets only variables the service or the allocator reads', async t => {
  const known = [
    ...Object.keys(configSchema.properties),
    ...SECRET_NAMES.map(name => `${name}_FILE`),
    'NODE_ENV',
    // glibc variables, also set in the image.
    'MALLOC_ARENA_MAX',
    'MALLOC_MMAP_THRESHOLD_',
    'MALLOC_MMAP_MAX_',
  ]
  t.same(
    [...variables.keys()].filter(name => !known.includes(name)),
    [],
  )
})

t.test('secrets are systemd credentials', async t => {
  for (const name of ['spotify_client_id', 'spotify_client_secret']) {
    t.ok(settings('LoadCredential').includes(`${name}:/etc/playlist-proxy/${name}`))
    const path = variables.get(`${name.toUpperCase()}_FILE`)
    t.equal(path, `/run/credentials/playlist-proxy.service/${name}`)
    t.match(operating, `/etc/playlist-proxy/${name}`)
  }
})

t.test('the service can write the snapshot, and drain before systemd kills it', async t => {
  t.match(variables.get('CACHE_SNAPSHOT_FILE'), `/var/lib/${setting('StateDirectory')}/`)
  const { default: drainMs } = configSchema.properties.SHUTDOWN_TIMEOUT_MS as { default?: number }
  t.ok(Number(setting('TimeoutStopSec')) * 1000 > Number(drainMs))
})

t.test('the unit has the same memory limit as Compose', async t => {
  const [, mebibytes] = /mem_limit: (\d+)m/.exec(read('docker-compose.yml')) ?? []
  t.equal(setting('MemoryMax'), `${mebibytes}M`)
})

t.test('docs/operating.md copies the same paths as the image', async t => {
  const folder = setting('WorkingDirectory')
  const [, command = ''] = /^sudo cp -R (.*)$/m.exec(operating) ?? []
  const paths = command.split(' ')
  t.equal(paths.pop(), `${folder}/`)
  const image = read('Dockerfile').slice(read('Dockerfile').lastIndexOf('\nFROM '))
  const copied = [...image.matchAll(/^COPY (?:--from=build )?(.+) \S+$/gm)]
  t.same(
    paths.sort(),
    copied.flatMap(([, names = '']) => names.replace('/app/', '').split(' ')).sort(),
  )
  const [node, ...rest] = setting('ExecStart').split(' ')
  t.equal(node, '/usr/bin/node')
  t.same(
    rest.filter(argument => !argument.startsWith('--')),
    [`${folder}/dist/server.js`],
  )
})

t.test('systemd accepts the unit', { skip }, async t => {
  const verify = async (text: string) => {
    // Node can be elsewhere on this machine.
    const here = text.replace('/usr/bin/node', process.execPath)
    const folder = t.testdir({ 'playlist-proxy.service': here })
    const { stderr } = await run('systemd-analyze', [
      'verify',
      join(folder, 'playlist-proxy.service'),
    ])
    return stderr
  }
  t.equal(await verify(unit), '')
  t.match(await verify(unit.replace('ProtectHome', 'ProtectHouse')), /ProtectHouse/)
})

t.test('systemd rates the service exposure as low', { skip }, async t => {
  const security = (path: string) =>
    run('systemd-analyze', [
      'security',
      '--offline=true',
      `--threshold=${MAX_EXPOSURE * 10}`,
      '--no-pager',
      path,
    ])
  const { stdout } = await security(UNIT)
  t.comment(/Overall exposure level.*: ([\d.]+)/.exec(stdout)?.[0])
  const open = unit.replace('PrivateUsers=yes', '').replace(/^SystemCallFilter=.*$/gm, '')
  const folder = t.testdir({ 'playlist-proxy.service': open })
  await t.rejects(security(join(folder, 'playlist-proxy.service')), 'the threshold has an effect')
})
