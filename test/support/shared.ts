import type { Test } from 'tap'
import { ValkeyConnection } from '../../src/shared/connection.ts'
import { parseSharedCacheUrl, type SharedCacheTarget } from '../../src/shared/shared-cache-url.ts'
import { recordingLogger } from './log-lines.ts'
import { ManualClock } from './manual-clock.ts'
import { eventually } from './valkey.ts'

/** Longer than any pause between two checks of the engine. */
const TURN_MS = 1000

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
