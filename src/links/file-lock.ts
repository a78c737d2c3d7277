import { rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { LinkFileError } from './link-file-error.ts'

/** A socket address has 108 bytes on Linux and 104 on macOS, with a zero byte at the end. */
const MAX_SOCKET_PATH_BYTES = 103

/**
 * Keeps other processes off a file, with a socket beside it that this process listens on. The kernel
 * closes the socket with the process, however that ends, so unlike a file with a process id the lock
 * never outlives it, and it works between containers that share the folder.
 */
export class FileLock {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /**
   * Locks the file at `path`.
   *
   * @throws {LinkFileError} if another process has it, or the folder can hold no socket.
   */
  static async acquire(path: string): Promise<FileLock> {
    const socket = `${path}.lock`
    if (Buffer.byteLength(socket) > MAX_SOCKET_PATH_BYTES) {
      const most = MAX_SOCKET_PATH_BYTES - '.lock'.length
      throw new LinkFileError(path, `has a path of more than ${most} bytes; choose a shorter one`)
    }
    const server = await listening(socket).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw cannotLock(path, error)
      if (await isListening(socket)) {
        throw new LinkFileError(path, 'is in use by another process of this service')
      }
      // The process that made it was killed.
      return rm(socket, { force: true })
        .then(() => listening(socket))
        .catch((again: NodeJS.ErrnoException) => {
          throw cannotLock(path, again)
        })
    })
    return new FileLock(server)
  }

  release(): Promise<void> {
    return new Promise(resolve => this.#server.close(() => resolve()))
  }
}

function cannotLock(path: string, error: NodeJS.ErrnoException): LinkFileError {
  return new LinkFileError(path, `cannot be locked with a socket beside it (${error.code})`)
}

function listening(socket: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(connection => connection.destroy())
    // Later errors, such as too many open files, concern only processes that try to lock.
    server.on('error', reject)
    server.listen(socket, () => resolve(server.unref()))
  })
}

/** Anything but a refused connection may be a process that is busy. */
function isListening(socket: string): Promise<boolean> {
  return new Promise(resolve => {
    const connection = connect(socket)
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED')
    })
  })
}
