import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { FileLock } from '../../src/links/file-lock.ts'
import { loaderArguments } from '../support/loader-arguments.ts'

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
  const first = await FileLock.acquire(path)
  await t.rejects(FileLock.acquire(path), {
    name: 'LinkFileError',
    message: `LINKS_FILE ${path} is in use by another process of this service.`,
  })
  await first.release()
  t.notOk(existsSync(`${path}.lock`))
  const second = await FileLock.acquire(path)
  await second.release()
})

t.test('a lock tells its callers nothing', async t => {
  const path = join(folderFor(t), 'links.json')
  const lock = await FileLock.acquire(path)
  const socket = connect(`${path}.lock`)
  socket.resume()
  await once(socket, 'close')
  t.equal(socket.bytesRead, 0)
  await lock.release()
})

t.test('the lock of a process that was killed is free', async t => {
  const path = join(folderFor(t), 'links.json')
  const script = `
    import { FileLock } from '${new URL('../../src/links/file-lock.ts', import.meta.url)}'
    await FileLock.acquire(process.argv[1])
    process.stdout.write('locked')
    setInterval(() => {}, 1e6)`
  const child = spawn(
    process.execPath,
    [...loaderArguments, '--input-type=module', '-e', script, path],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(child.stdout, 'data')
  await t.rejects(FileLock.acquire(path), /in use by another process/)
  child.kill('SIGKILL')
  await once(child, 'exit')
  t.ok(existsSync(`${path}.lock`), 'the socket is left')
  const lock = await FileLock.acquire(path)
  await lock.release()
})

t.test('a folder that can hold no socket is refused', async t => {
  const folder = folderFor(t)
  await t.rejects(FileLock.acquire(join(folder, 'missing', 'links.json')), {
    message: /cannot be locked with a socket beside it \(\w+\)\.$/,
  })
  await t.rejects(FileLock.acquire(`${folder}/${'x'.repeat(100)}`), {
    message: /has a path of more than 98 bytes; choose a shorter one\.$/,
  })
})

t.test('a file in place of the socket is replaced, and a folder is refused', async t => {
  const path = join(folderFor(t), 'links.json')
  writeFileSync(`${path}.lock`, 'left over')
  await t.resolves(FileLock.acquire(path).then(lock => lock.release()))

  mkdirSync(`${path}.lock`)
  await t.rejects(FileLock.acquire(path), /cannot be locked with a socket beside it \(\w+\)/)
})
