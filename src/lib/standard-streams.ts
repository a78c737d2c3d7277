import { closeSync } from 'node:fs'
import { isatty } from 'node:tty'

const STANDARD_STREAMS = [0, 1, 2]

/**
 * Drops output if standard output or standard error cannot take it, so a hanging or lost reader never stops
 * the process. Call it once.
 */
export function makeOutputLossy(): void {
  for (const stream of [process.stdout, process.stderr] as HandleStream[]) {
    // Node makes pipes and sockets non-blocking, but not terminals.
    stream._handle?.setBlocking?.(false)
    // Node writes warnings to standard error; a failure would be an uncaught exception.
    stream.on('error', () => {})
  }
  const terminals = STANDARD_STREAMS.filter(fd => isatty(fd))
  process.on('exit', () => closeGone(terminals))
}

type HandleStream = NodeJS.WriteStream & {
  _handle?: { setBlocking?(isBlocking: boolean): void }
}

/** Closes lost terminals. On exit, Node 20 aborts if it cannot reset a terminal, but skips closed ones. */
export function closeGone(terminals: readonly number[], isTerminal = isatty, close = closeSync) {
  for (const fd of terminals) if (!isTerminal(fd)) close(fd)
}
