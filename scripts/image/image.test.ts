import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { imageComponents } from '../image-components.ts'

// try.sh builds the images, mounts them and runs this.
const read = (name: string) => readFileSync(join('.ci/image', name), 'utf8').trim()
const imageConfig = (image: string) => JSON.parse(read(`${image}.json`)).Docker.config
const service = { root: read('playlist-proxy.root'), config: imageConfig('playlist-proxy') }
const sandbox = {
  root: read('playlist-proxy-sandbox.root'),
  config: imageConfig('playlist-proxy-sandbox'),
}
type Image = typeof service

const mount = (...args: string[]) => execFileSync('mount', args)
const SECRETS = { spotify_client_id: 'sandbox-client', spotify_client_secret: 'sandbox-secret' }
const URL_OF_SERVICE = 'http://127.0.0.1:3000'
const VARIABLES = [
  'SPOTIFY_CLIENT_ID_FILE=/run/secrets/spotify_client_id',
  'SPOTIFY_CLIENT_SECRET_FILE=/run/secrets/spotify_client_secret',
  'SPOTIFY_API_URL=http://127.0.0.1:4100/v1',
  'SPOTIFY_TOKEN_URL=http://127.0.0.1:4100/api/token',
]

/** Prepares a root file system like a container runtime: secrets in files, devices, read-only. */
function prepare({ root }: Image): void {
  for (const folder of ['proc', 'dev', 'run/secrets']) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  for (const [name, secret] of Object.entries(SECRETS)) {
    writeFileSync(join(root, 'run/secrets', name), secret)
  }
  mount('--bind', root, root)
  mount('--bind', '/dev', join(root, 'dev'))
  mount('-o', 'remount,bind,ro', root)
}

/** Runs a command like a container runtime: with the image's user, variables and folder, as process 1. */
function start({ root, config }: Image, command: string[], variables: string[] = []): ChildProcess {
  const [uid = '', gid = ''] = config.User.split(':')
  const [program = '', ...args] = command
  const inside = ['--root', root, '--wd', config.WorkingDir, '--setgid', gid, '--setuid', uid]
  return spawn(
    'unshare',
    [
      ...['--pid', '--fork', '--kill-child', '--mount', 'env', '--ignore-environment'],
      ...[...config.Env, ...variables, '/bin/sh', '-c'],
      '/bin/mount -t proc proc "$1" && shift && exec /usr/bin/unshare "$@"',
      ...['sh', join(root, 'proc'), ...inside, join('/usr/local/bin', program), ...args],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
}

/** Returns the only process in the `unshare` namespace. */
function processOf(child: ChildProcess): { pid: number; status: string } {
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
  const pid = Number(children.trim())
  return { pid, status: readFileSync(`/proc/${pid}/status`, 'utf8') }
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit')
  return child.exitCode
}

async function line(child: ChildProcess, wanted: RegExp): Promise<void> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  for await (const text of lines) if (wanted.test(text)) return
  throw new Error(`exited with ${child.exitCode} before it printed ${wanted}`)
}

const check = () => exitCode(start(service, service.config.Healthcheck.Test.slice(1)))

prepare(service)
prepare(sandbox)

t.test('the image has the right command, user, port, health check and version', async t => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  t.match(service.config, {
    User: '1000:1000',
    Cmd: ['node', '--disable-sigusr1', '--max-semi-space-size=8', 'dist/server.js'],
    ExposedPorts: { '3000/tcp': {} },
    Healthcheck: { Test: ['CMD', 'node', 'dist/healthcheck.js'] },
    Labels: { 'org.opencontainers.image.version': version },
  })
  t.same(service.config.Entrypoint ?? [], [], 'there is no entry point before node')
})

t.test('the image contains only the service and Node', async t => {
  const files = readdirSync(service.root, { recursive: true, encoding: 'utf8' })
  t.same(
    files.filter(name => /(?:^|\/)(?:sh|bash|npm|apt|tsc|tap|biome)$|\.ts$|\.map$/.test(name)),
    [],
  )
  t.same(readdirSync(join(service.root, 'app')).sort(), ['dist', 'openapi.yaml', 'package.json'])
  t.same(
    readdirSync(join(service.root, 'app/dist'))
      .filter(name => !name.endsWith('.js'))
      .sort(),
    ['LICENCES.txt', 'node_modules'],
  )
  const licences = readFileSync(join(service.root, 'app/dist/LICENCES.txt'), 'utf8')
  t.match(licences, /^fastify \d.* \(MIT\)$/m, 'the licences are included')
  t.ok(readdirSync(join(service.root, 'var/lib/dpkg/status.d')).includes('libc6'))
})

t.test('the bill of materials lists the libraries in the image', async t => {
  const libraries = (root?: string) =>
    imageComponents(root).flatMap(({ type, name }) => (type === 'library' ? [name] : []))
  t.same(libraries(service.root).sort(), libraries())
})

t.test('a container serves lists without privileges, and stops on SIGTERM', async t => {
  t.equal(await check(), 1, 'the check fails while nothing listens')
  const spotify = start(sandbox, sandbox.config.Cmd)
  t.teardown(() => spotify.kill('SIGKILL'))
  await line(spotify, /Web API/)
  const container = start(service, service.config.Cmd, VARIABLES)
  t.teardown(() => container.kill('SIGKILL'))
  await line(container, /Server listening/)

  const { pid, status } = processOf(container)
  t.match(status, /^NSpid:\t\d+\t1$/m, 'node is process 1')
  t.match(status, /^Uid:\t1000\t1000\t1000\t1000$/m)
  t.match(status, /^Gid:\t1000\t1000\t1000\t1000$/m)
  t.match(status, /^CapEff:\t0+$/m)

  t.equal(await check(), 0, 'the check passes')
  const lists = `${URL_OF_SERVICE}/users/smedjan/playlists`
  t.match(await (await fetch(lists)).json(), { total: 120, complete: true })
  for (const path of ['/health/ready', '/openapi.yaml', '/docs']) {
    t.equal((await fetch(URL_OF_SERVICE + path)).status, 200, path)
  }

  const signalledMs = performance.now()
  process.kill(pid, 'SIGTERM')
  t.equal(await exitCode(container), 0)
  t.comment(`exited ${Math.round(performance.now() - signalledMs)} ms after SIGTERM`)
  t.equal(await check(), 1)

  process.kill(processOf(spotify).pid, 'SIGTERM')
  t.equal(await exitCode(spotify), 0, 'the sandbox stops too')
})

t.test('the root file system is read-only', async t => {
  const write = 'try { require("fs").writeFileSync("/app/new", "") } catch { process.exit(9) }'
  t.equal(await exitCode(start(service, ['node', '-e', write])), 9)
})

t.test('the test prints the Node, bundle and image sizes', async t => {
  for (const path of ['usr/local/bin/node', 'app/dist', '.']) {
    const [bytes] = execFileSync('du', ['-sbx', join(service.root, path)], {
      encoding: 'utf8',
    }).split('\t')
    t.comment(`${path}: ${(Number(bytes) / 1e6).toFixed(1)} MB`)
  }
})
