import type { Server, Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import type { Connections } from './connections.ts'

const CHECK_MS = 2500
/**
 * A caller that takes nothing of its response for so many checks, 30 s, is not reading it. Not
 * counted in time: a process that was suspended has not seen what its callers took meanwhile.
 */
const STALLED_CHECKS = 12

export interface StalledOptions {
  connections: Connections
  clock: Clock
  log: Log
  /** Called for each connection that is closed. */
  onClosed: () => void
}

/**
 * Closes connections that have made no progress for 30 to 33 seconds with what is written to them,
 * or after their end was written: else a caller that never reads keeps its response, and the buffers
 * of the system, in memory. A caller that waits for a response, reads slowly or keeps an idle
 * connection is left alone.
 */
export function closeStalledConnections(server: Server, options: StalledOptions): void {
  const { connections, clock, log, onClosed } = options
  const progress = new WeakMap<Socket, { takenBytes: number; checks: number }>()
  let cancelCheck: (() => void) | undefined

  function check(): void {
    for (const socket of connections.keys()) {
      const isWriting = socket.writableLength > 0 || socket.writableEnded
      const takenBytes = isWriting ? takenBytesOf(socket) : undefined
      const known = progress.get(socket)
      if (takenBytes === undefined) progress.delete(socket)
      else if (takenBytes !== known?.takenBytes) progress.set(socket, { takenBytes, checks: 0 })
      else if (++known.checks >= STALLED_CHECKS) close(socket, takenBytes)
    }
  }

  function close(socket: Socket, sentBytes: number): void {
    log.debug({ sent_bytes: sentBytes }, 'closed a connection whose caller does not read')
    onClosed()
    // Without a reset the system would keep, and go on offering, what it has taken.
    socket.resetAndDestroy()
  }

  function checkLater(): void {
    cancelCheck = clock.schedule(CHECK_MS, () => {
      check()
      cancelCheck = undefined
      if (connections.size > 0) checkLater()
    })
  }

  server.on('connection', () => {
    if (cancelCheck === undefined) checkLater()
  })
  server.on('close', () => cancelCheck?.())
}

/**
 * How many bytes the system has taken. What of a large write is left is known to the handle alone,
 * where the time-out of Node's sockets looks as well; a closed socket has none.
 */
function takenBytesOf(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle: { writeQueueSize: number } | null }
  return socket.bytesWritten - (handle?.writeQueueSize ?? 0)
}
