import type { Test } from 'tap'
import { parseSharedCacheUrl, type SharedCacheTarget } from '../../src/config/redis-url.ts'
import { ValkeyConnection } from '../../src/redis/connection.ts'
import type { EntryCodec } from '../../src/redis/entry-store.ts'
import { ValkeyTier } from '../../src/redis/redis-tier.ts'
import { recordingLogger } from './log-lines.ts'
import { ManualClock } from './manual-clock.ts'
import { eventually } from './valkey.ts'

/** Not much more than really passes, since the engine has to keep up. */
const TURN_MS = 10

/**
 * A connection to the engine at the URL, started, with a clock that the test moves and a record of
 * what each use came to (`operation outcome`). Ends with the test.
 */
export async function connectTo(t: Pick<Test, 'teardown'>, url: string, clock = new ManualClock()) {
  const outcomes: string[] = []
  const { logger, lines, written } = recordingLogger()
  const connection = new ValkeyConnection({
    target: parseSharedCacheUrl(url) as SharedCacheTarget,
    timeoutMs: 50,
    clock,
    log: logger,
    observe: (operation, outcome) => outcomes.push(`${operation} ${outcome}`),
  })
  t.teardown(() => connection.close())
  await connection.start()
  /** Lets time pass, and the engine act, until the condition holds. */
  const wait = (condition: () => boolean | Promise<boolean>) =>
    eventually(condition, () => clock.advance(TURN_MS))
  return { connection, clock, outcomes, lines, written, wait }
}

/** Strings as bytes that name their key, like the lists of users do. */
export const textCodec: EntryCodec<string> = {
  encode: async (key, response) => Buffer.from(JSON.stringify({ key, response })),
  decode: async (wanted, bytes) => {
    const { key, response } = JSON.parse(bytes.toString())
    if (key !== wanted) throw new Error('of another key')
    return response
  },
}

/** A replica's tier in the engine at the URL, with what `connectTo` gives. */
export async function tierAt(t: Pick<Test, 'teardown'>, url: string, clock = new ManualClock()) {
  const parts = await connectTo(t, url, clock)
  const tier = new ValkeyTier({ connection: parts.connection, codec: textCodec, clock })
  return { ...parts, tier }
}
