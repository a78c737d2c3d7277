import { once } from 'node:events'
import type { Test } from 'tap'
import { type CompressionQueue, compressions } from '../../src/http/representation/compression.ts'
import { failureOf } from './failure-of.ts'

/**
 * Takes all places for compressions, so that others wait. They are free again after the function
 * that it returns has been called, or the test has ended.
 */
export function occupyCompressions(
  t: Pick<Test, 'teardown'>,
  queue: CompressionQueue = compressions,
): () => Promise<void> {
  const stop = new AbortController()
  async function* endless() {
    await once(stop.signal, 'abort')
    yield Buffer.alloc(1)
  }
  const running: Promise<unknown>[] = []
  // More than any number of bytes that may wait.
  while (queue.hasRoomFor(Number.MAX_SAFE_INTEGER)) {
    running.push(failureOf(queue.compress(endless() as never, 1, 'gzip', stop.signal)))
  }
  const free = async () => {
    stop.abort()
    await Promise.all(running)
  }
  t.teardown(free)
  return free
}
