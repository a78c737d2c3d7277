import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { LinkFileError } from './link-file-error.ts'

/** A socket address has 108 bytes on Linux and 104 on macOS, with a zero byte at the end. */
const MAX_SOCKET_PATH_BYTES = 103
const SUFFIX_BYTES = 3
/** A lock is named after the file, with this suffix. */
const SUFFIX = /^\.lock-[0-9a-f]{6}$/

/**
 * Keeps other processes off the file at `path`, by listening on a socket beside it. Returns a function to
 * release the lock. The kernel closes the socket when the process ends, for whatever reason, so unlike a file
 * with a process id, the lock never outlives the process. The lock works between processes on the same host,
 * even in containers sharing the folder, but not between hosts: another host's socket looks abandoned.
 *
 * Each process makes a socket with a unique name before looking for others. So when two processes start at the
 * same time, at least one sees the other, and no process ever listens on an abandoned socket again.
 *
 * @throws {LinkFileError} if another process has locked the file or tries to, or the folder can hold no
 * socket.
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const suffix = `.lock-${randomBytes(SUFFIX_BYTES).toString('hex')}`
  const socket = path + suffix
  if (Buffer.byteLength(socket) > MAX_SOCKET_PATH_BYTES) {
    const most = MAX_SOCKET_PATH_BYTES - suffix.length
    throw new LinkFileError(path, `has a path of more than ${most} bytes; choose a shorter one`)
  }
  try {
    const server = await listening(socket)
    const release = () => new Promise<void>(resolve => server.close(() => resolve()))
    if (await isAlone(path, socket)) return release
    await release()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new LinkFileError(
      path,
      `cannot be locked with a socket beside it (${code}); its folder must exist and be writable`,
    )
  }
  throw new LinkFileError(path, 'is in use by another process of this service')
}

/**
 * Whether only this process, listening on `own`, has locked the file at `path`. Removes sockets left by killed
 * processes.
 */
async function isAlone(path: string, own: string): Promise<boolean> {
  const folder = dirname(path)
  const name = basename(path)
  for (const other of await readdir(folder)) {
    const socket = join(folder, other)
    const isLock = other.startsWith(name) && SUFFIX.test(other.slice(name.length))
    if (!isLock || other === basename(own)) continue
    if (await isListening(socket)) return false
    await rm(socket, { force: true })
  }
  // A starting process might have seen our socket before we listened on it, and removed it.
  return existsSync(own)
}

function listening(socket: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(connection => connection.destroy())
    // Later errors, such as too many open files, affect only processes trying to lock.
    server.on('error', reject)
    server.listen(socket, () => resolve(server.unref()))
  })
}

/** Connecting fails with one of these codes if the socket belongs to a killed process or does not exist. */
const FREE: readonly unknown[] = ['ECONNREFUSED', 'ENOENT']

/** If a connection fails with another code, the process counts as listening, since it might be busy. */
function isListening(socket: string): Promise<boolean> {
  return new Promise(resolve => {
    const connection = connect(socket)
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.once('error', (error: NodeJS.ErrnoException) => {
      resolve(!FREE.includes(error.code))
    })
  })
}
