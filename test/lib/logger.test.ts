import t from 'tap'
import { createLogger, errorFacts, openLog } from '../../src/lib/logger.ts'
import { ManualClock } from '../support/manual-clock.ts'

/** A logger and its lines. */
function recorder(level = 'info') {
  const lines: string[] = []
  const logger = createLogger(level, { write: line => lines.push(line) })
  const only = (): Record<string, unknown> => {
    if (lines.length !== 1) throw new Error(`${lines.length} lines were written`)
    return JSON.parse(lines[0] as string)
  }
  return { logger, lines, only }
}

/** An HTTP client error whose members contain a secret. */
function clientError(): Error {
  return Object.assign(new Error('connection lost'), {
    code: 'ECONNRESET',
    headers: { authorization: 'Basic canary' },
    request: { headers: ['authorization', 'Basic canary'] },
    body: 'canary',
  })
}

t.test('an error is reduced to name, message, code and stack', async t => {
  const error = clientError()
  t.strictSame(errorFacts(error), {
    type: 'Error',
    message: 'connection lost',
    code: 'ECONNRESET',
    stack: error.stack,
  })
})

t.test('an error without code and stack has neither', async t => {
  const error = new RangeError('too far')
  delete error.stack
  t.strictSame(errorFacts(error), { type: 'RangeError', message: 'too far' })
  t.notOk(
    'code' in errorFacts(Object.assign(new Error('x'), { code: 7 })),
    'a number is not a code',
  )
})

t.test('error causes are reduced to name, message, code and stack', async t => {
  const facts = errorFacts(new Error('outside', { cause: clientError() }))
  t.match(facts, { message: 'outside', cause: { message: 'connection lost', code: 'ECONNRESET' } })
  t.notMatch(JSON.stringify(facts), /canary/)
})

t.test('the logged cause chain is limited, even if it is circular', async t => {
  let chain = new Error('1')
  for (let depth = 2; depth <= 6; depth++) chain = new Error(`${depth}`, { cause: chain })
  const messages = (error: Error, depth?: number) => {
    const found: string[] = []
    let facts: ReturnType<typeof errorFacts> | undefined = errorFacts(error, depth)
    for (; facts !== undefined; facts = facts.cause) found.push(facts.message)
    return found.join(' ')
  }
  t.equal(messages(chain), '6 5 4 3')
  t.equal(messages(chain, 1), '6')
  t.equal(messages(chain, 2), '6 5')
  t.equal(messages(chain, 7), '6 5 4 3 2 1')

  const circular = new Error('round')
  circular.cause = circular
  t.equal(messages(circular), 'round round round round')
})

t.test('a thrown non-error value is logged with its type', async t => {
  for (const [thrown, type, message] of [
    ['text', 'string', 'text'],
    [undefined, 'undefined', 'undefined'],
    [null, 'object', 'null'],
    [7, 'number', '7'],
    [Symbol('s'), 'symbol', 'Symbol(s)'],
    [{ headers: { authorization: 'canary' } }, 'object', '[object Object]'],
    [Object.create(null), 'object', '[object Object]'],
  ] as const) {
    t.strictSame(errorFacts(thrown), { type, message })
  }
})

t.test('the logger reduces an error passed in any way', async t => {
  for (const log of [
    (logger: ReturnType<typeof createLogger>) => logger.error({ err: clientError() }, 'failed'),
    (logger: ReturnType<typeof createLogger>) => logger.error(clientError(), 'failed'),
    (logger: ReturnType<typeof createLogger>) =>
      logger.child({ reqId: 'req-1' }).error({ err: clientError() }, 'failed'),
  ]) {
    const { logger, lines, only } = recorder()
    log(logger)
    const line = only()
    t.match(line, { msg: 'failed', err: { type: 'Error', code: 'ECONNRESET', stack: String } })
    t.notMatch(lines.join(), /canary/)
  }
})

t.test(
  'headers and authorization are redacted at the top level of a log line and one level below',
  async t => {
    for (const facts of [
      { headers: { authorization: 'Bearer canary' } },
      { headers: ['authorization', 'Bearer canary'] },
      { authorization: 'Bearer canary' },
      { req: { headers: { authorization: 'Bearer canary' } } },
      { options: { authorization: 'Bearer canary' } },
    ]) {
      const { logger, lines, only } = recorder()
      logger.info(facts, 'asked')
      t.equal(only().msg, 'asked')
      t.notMatch(lines.join(), /canary/, JSON.stringify(facts))
    }
  },
)

t.test('members that hold secrets are redacted at both levels', async t => {
  const names = ['token', 'access_token', 'api_key', 'client_secret', 'API_KEYS', 'HTTPS_PROXY']
  for (const name of names) {
    for (const facts of [{ [name]: 'canary' }, { under: { [name]: 'canary' } }]) {
      const { logger, lines } = recorder()
      logger.info(facts, 'asked')
      t.equal(lines.length, 1)
      t.notMatch(lines.join(), /canary/, JSON.stringify(facts))
    }
  }
})

t.test('credentials are redacted anywhere in a log line', async t => {
  for (const [text, written] of [
    ['sent Bearer canary-canary== to x', 'sent Bearer [Redacted] to x'],
    ['basic Y2FuYXJ5OmNhbmFyeQ==', 'basic [Redacted]'],
    ['Basic advice is never wrong', 'Basic advice is never wrong'],
  ] as const) {
    const { logger, only } = recorder()
    logger.error({ path: text, err: new Error(text) }, text)
    t.match(only(), { msg: written, path: written, err: { message: written } })
  }
})

t.test('log members without secrets are unchanged', async t => {
  const { logger, only } = recorder()
  logger.info({ user_id: 'smedjan', cache: 'hit' }, 'answered')
  t.hasStrict(only(), { level: 'info', user_id: 'smedjan', cache: 'hit', msg: 'answered' })
})

t.test('log lines below the level are not written', async t => {
  for (const [level, written] of [
    ['debug', 3],
    ['info', 2],
    ['warn', 1],
    ['silent', 0],
  ] as const) {
    const { logger, lines } = recorder(level)
    logger.debug('one')
    logger.info('two')
    logger.warn('three')
    t.equal(lines.length, written, level)
  }
})

t.test('the log reports how many lines were dropped', async t => {
  const written: string[] = []
  let isFull = true
  const write = (bytes: Uint8Array) => {
    if (isFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    written.push(Buffer.from(bytes).toString())
    return bytes.length
  }
  const { logger, destination } = openLog('info', { write, clock: new ManualClock() })
  logger.info('one')
  logger.info({ token: 'canary' }, 'two')
  t.equal(destination.dropped, 2)
  isFull = false
  logger.info({ token: 'canary' }, 'three')
  t.match(
    written.map(line => JSON.parse(line)),
    [{ msg: 'three' }, { level: 'warn', lines: 2, msg: /^dropped log lines/ }],
  )
  t.notMatch(written.join(), /canary/)
})
