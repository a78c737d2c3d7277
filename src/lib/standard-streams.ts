import { closeSync } from 'node:fs'
import { isatty } from 'node:tty'

const STANDARD_STREAMS = [0, 1, 2]

/**
 * Lets what cannot be written to standard output and standard error be lost: neither a reader that
 * hangs nor one that is gone may stop the process. To be called once.
 */
export function makeOutputLossy(): void {
  for (const stream of [process.stdout, process.stderr] as HandleStream[]) {
    // Node makes pipes and sockets non-blocking when it opens their stream; a terminal has to be told.
    stream._handle?.setBlocking?.(false)
    // Node's own warnings go to standard error, and a failure would count as an uncaught exception.
    stream.on('error', () => {})
  }
  const terminals = STANDARD_STREAMS.filter(fd => isatty(fd))
  process.on('exit', () => closeGone(terminals))
}

type HandleStream = NodeJS.WriteStream & {
  _handle?: { setBlocking?(isBlocking: boolean): void }
}

/**
 * Closes terminals that are gone. At its exit Node 20 aborts when it cannot reset a terminal, and
 * passes over those that are closed.
 */
export function closeGone(terminals: readonly number[], isTerminal = isatty, close = closeSync) {
  for (const fd of terminals) if (!isTerminal(fd)) close(fd)
}
