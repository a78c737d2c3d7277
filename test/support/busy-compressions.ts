import { once } from 'node:events'
import type { Test } from 'tap'
import { type CompressionQueue, compressions } from '../../src/http/representation/compression.ts'
import { failureOf } from './failure-of.ts'

/**
 * Occupies all compression slots, so further compressions wait. The returned function frees the slots, as
 * does the end of the test.
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
  // No queue has room for this many bytes while the slots are taken.
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
