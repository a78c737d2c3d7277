import type { Server, Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'

const CHECK_MS = 2500
/**
 * A caller that reads no response bytes during this many checks, 30 s, has stalled. We count checks instead of
 * time, because a suspended process cannot see callers read.
 */
const STALLED_CHECKS = 12

export interface ClosingOptions {
  clock: Clock
  log: Log
  /** Called for each dropped or closed connection. */
  onClosed: (reason: 'limit' | 'stalled') => void
}

/**
 * Closes connections without write progress for 30 to 33 seconds, even after Node has written the last byte: a
 * caller that never reads would keep the response and system buffers in memory. Waiting, slow and idle callers
 * stay connected.
 */
export function closeStalledConnections(
  server: Server,
  connections: ReadonlyMap<Socket, unknown>,
  { clock, log, onClosed }: ClosingOptions,
): void {
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
    log.debug({ sent_bytes: sentBytes }, 'closed a connection: its client does not read')
    onClosed('stalled')
    // Without a reset, the system would keep the bytes and retransmit them.
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
 * Returns how many bytes the system has taken. Only the handle knows how much of a large write is left; Node's
 * socket timeout reads the same member. A closed socket has no handle.
 */
function takenBytesOf(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle: { writeQueueSize: number } | null }
  return socket.bytesWritten - (handle?.writeQueueSize ?? 0)
}
