import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import { lockFile } from '../../src/links/file-lock.ts'
import { loaderArguments } from '../support/loader-arguments.ts'

const locksIn = (path: string) =>
  readdirSync(dirname(path)).filter(name => name.startsWith(`${basename(path)}.lock`))

/** A short folder, since a socket address has at most 103 bytes. */
let folders = 0
function folderFor(t: { teardown(task: () => void): void }): string {
  const path = `/tmp/lock-${process.pid}-${++folders}`
  mkdirSync(path)
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

t.test('a second lock on a file fails until the first is released', async t => {
  const path = join(folderFor(t), 'links.json')
  const release = await lockFile(path)
  await t.rejects(lockFile(path), {
    name: 'LinkFileError',
    message: `LINKS_FILE ${path} is in use by another process of this service.`,
  })
  await release()
  t.same(locksIn(path), [])
  const releaseSecond = await lockFile(path)
  await releaseSecond()
})

t.test('a lock socket sends no data to callers', async t => {
  const path = join(folderFor(t), 'links.json')
  const release = await lockFile(path)
  const socket = connect(join(dirname(path), String(locksIn(path)[0])))
  socket.resume()
  await once(socket, 'close')
  t.equal(socket.bytesRead, 0)
  await release()
})

t.test("another process can acquire a killed process's lock", async t => {
  const path = join(folderFor(t), 'links.json')
  const script = `
    import { lockFile } from '${new URL('../../src/links/file-lock.ts', import.meta.url)}'
    await lockFile(process.argv[1])
    process.stdout.write('locked')
    setInterval(() => {}, 1e6)`
  const child = spawn(
    process.execPath,
    [...loaderArguments, '--input-type=module', '-e', script, path],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(child.stdout, 'data')
  await t.rejects(lockFile(path), /in use by another process/)
  child.kill('SIGKILL')
  await once(child, 'exit')
  t.equal(locksIn(path).length, 1, 'the socket is left')
  const release = await lockFile(path)
  t.equal(locksIn(path).length, 1, 'only the new socket')
  await release()
})

t.test("at most one of many processes acquires a killed process's lock", async t => {
  const path = join(folderFor(t), 'links.json')
  const folder = dirname(path)
  const killed = join(folder, 'killed')
  const server = createServer().listen(join(folder, 'socket'))
  await once(server, 'listening')
  linkSync(join(folder, 'socket'), killed)
  await new Promise(resolve => server.close(resolve))
  for (let count = 1; count < 20; count++) {
    linkSync(killed, `${path}.lock-000000`)
    const settled = await Promise.allSettled(Array.from({ length: count }, () => lockFile(path)))
    const releases = settled.flatMap(attempt =>
      attempt.status === 'fulfilled' ? attempt.value : [],
    )
    t.ok(releases.length <= 1, `${count} processes`)
    for (const release of releases) await release()
    t.same(locksIn(path), [], 'no socket is left')
    const release = await lockFile(path)
    await release()
  }
})

t.test('acquiring a lock keeps files whose names only resemble lock names', async t => {
  const path = join(folderFor(t), 'links.json')
  const others = [
    '.lock',
    '.lock-00000',
    '.lock-0000000',
    '.lock-00000g',
    '.lock-000000.tmp',
    '.tmp',
  ]
  for (const suffix of others) writeFileSync(path + suffix, 'x')
  const release = await lockFile(path)
  await release()
  for (const suffix of others) t.ok(existsSync(path + suffix), suffix)
})

t.test(
  'acquiring fails if another process mistakes the new lock for an abandoned lock',
  async t => {
    const path = join(folderFor(t), 'links.json')
    const acquiring = lockFile(path)
    unlinkSync(join(dirname(path), String(locksIn(path)[0])))
    await t.rejects(acquiring, /in use by another process/)
  },
)

t.test('a file cannot be locked if the folder does not support sockets', async t => {
  const folder = folderFor(t)
  await t.rejects(lockFile(join(folder, 'missing', 'links.json')), {
    message:
      /cannot be locked with a socket beside it \(\w+\); its folder must exist and be writable\.$/,
  })
  await t.rejects(lockFile(`${folder}/${'x'.repeat(100)}`), {
    message: /has a path of more than 91 bytes; choose a shorter one\.$/,
  })
})
