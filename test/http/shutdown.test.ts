import t from 'tap'
import { createServer } from '../../src/http/create-server.ts'
import { stopInOrder } from '../../src/http/shutdown.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'

const LIMIT_MS = 1000

t.test('an unfinished snapshot write is abandoned at the deadline', async t => {
  const clock = new ManualClock()
  const { logger } = recordingLogger()
  const { app, responses } = createServer({ basePath: '', clock, logger, observe: () => {} })
  const calls: string[] = []
  let endWriting = () => {}
  const written = new Promise<void>(resolve => {
    endWriting = resolve
  })
  stopInOrder(app, {
    responses,
    connections: new Map(),
    clock,
    delayMs: 0,
    limitMs: LIMIT_MS,
    abortLookups: () => calls.push('abort lookups'),
    onStop: () => calls.push('stop'),
    close: async () => {},
    shared: undefined,
    snapshot: {
      write: async () => {
        calls.push('write')
      },
      abandon() {
        calls.push('abandon')
        endWriting()
      },
      close: () => written,
    },
  })
  await app.ready()
  const closed = app.close()
  await until(() => calls.includes('abort lookups'))
  await clock.advance(0.84 * LIMIT_MS)
  t.same(calls, ['stop', 'write', 'abort lookups'])
  await clock.advance(0.01 * LIMIT_MS)
  t.equal(calls.at(-1), 'abandon')
  await closed
})
