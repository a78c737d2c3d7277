import type { Test } from 'tap'
import { parseSharedCacheUrl, type SharedCacheTarget } from '../../src/config/redis-url.ts'
import { RedisConnection } from '../../src/replicas/connection.ts'
import { type EntryCodec, RedisTier } from '../../src/replicas/redis-tier.ts'
import { recordingLogger } from './log-lines.ts'
import { ManualClock } from './manual-clock.ts'
import { eventually } from './valkey.ts'

/** Slightly more than the real time, so Redis keeps up. */
const STEP_MS = 10

/**
 * Connects to the Redis at this URL, with a manual clock, and records each operation's outcome as
 * `operation outcome`. Closes with the test.
 */
export async function connectTo(t: Pick<Test, 'teardown'>, url: string, clock = new ManualClock()) {
  const outcomes: string[] = []
  const { logger, lines, written } = recordingLogger()
  const connection = new RedisConnection({
    target: parseSharedCacheUrl(url) as SharedCacheTarget,
    timeoutMs: 50,
    clock,
    log: logger,
    observe: (operation, outcome) => outcomes.push(`${operation} ${outcome}`),
  })
  t.teardown(() => connection.close())
  await connection.start()
  /** Advances the clock until the condition holds. */
  const wait = (condition: () => boolean | Promise<boolean>) =>
    eventually(condition, () => clock.advance(STEP_MS))
  return { connection, clock, outcomes, lines, written, wait }
}

/** Encodes strings together with their key. */
export const textCodec: EntryCodec<string> = {
  encode: async (key, response) => Buffer.from(JSON.stringify({ key, response })),
  decode: async (wanted, bytes) => {
    const { key, response } = JSON.parse(bytes.toString())
    if (key !== wanted) throw new Error('another key')
    return response
  },
}

/** A replica's tier in the Redis at this URL, with the members from `connectTo`. */
export async function tierAt(t: Pick<Test, 'teardown'>, url: string, clock = new ManualClock()) {
  const parts = await connectTo(t, url, clock)
  const tier = new RedisTier({ connection: parts.connection, codec: textCodec, clock })
  return { ...parts, tier }
}
