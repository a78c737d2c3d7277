import t from 'tap'
import { LogDestination } from '../../src/lib/log-destination.ts'
import { ManualClock } from '../support/manual-clock.ts'

const MAX_WAITING_BYTES = 40

/** A file or pipe with room for `room` bytes, and a destination that writes to it. */
function setUp() {
  const clock = new ManualClock()
  const reports: number[] = []
  const system = { text: '', room: Number.POSITIVE_INFINITY, error: 'EAGAIN', calls: 0 }
  const destination = new LogDestination({
    write(bytes) {
      system.calls++
      const taken = Math.min(system.room, bytes.length)
      if (taken === 0) throw Object.assign(new Error(), { code: system.error })
      system.room -= taken
      system.text += Buffer.from(bytes.subarray(0, taken))
      return taken
    },
    clock,
    maxWaitingBytes: MAX_WAITING_BYTES,
    onResume(lines) {
      reports.push(lines)
      destination.write(`dropped ${lines}\n`)
    },
  })
  return { clock, system, destination, reports }
}

t.test('a log line is written immediately', async t => {
  const { clock, system, destination } = setUp()
  destination.write('één\n')
  destination.write('two\n')
  t.equal(system.text, 'één\ntwo\n')
  t.equal(system.calls, 2)
  t.equal(destination.dropped, 0)
  t.same(clock.pending, [])
})

t.test('log lines wait for a slow reader and keep their order', async t => {
  const { clock, system, destination, reports } = setUp()
  system.room = 6
  for (const line of ['one\n', 'two\n', 'three\n']) destination.write(line)
  t.equal(system.text, 'one\ntw')
  system.room = 3
  await clock.advance(1)
  t.equal(system.text, 'one\ntwo\nt')
  system.room = 100
  await clock.advance(1)
  t.equal(system.text, 'one\ntwo\nthree\n')
  t.equal(destination.dropped, 0)
  t.same(reports, [])
  t.same(clock.pending, [])
})

t.test('the retry delay for a hanging reader doubles up to 100 ms', async t => {
  const { clock, system, destination } = setUp()
  system.room = 0
  destination.write('one\n')
  const delays: unknown[] = []
  for (let n = 0; n < 10; n++) {
    const [delayMs = 0, ...others] = clock.pending
    t.same(others, [], 'one retry at a time')
    delays.push(delayMs)
    await clock.advance(delayMs)
  }
  t.same(delays, [1, 2, 4, 8, 16, 32, 64, 100, 100, 100])
  const { calls } = system
  for (let n = 0; n < 9; n++) destination.write('two\n')
  t.equal(system.calls, calls, 'a new line causes no attempt')
  system.room = 2
  await clock.advance(100)
  t.same(clock.pending, [1], 'progress resets the delay')
})

t.test('log lines beyond the limit are dropped, counted and reported as one gap', async t => {
  const { clock, system, destination, reports } = setUp()
  system.room = 0
  for (let n = 0; n < 14; n++) destination.write(`${n % 10}\n`.padStart(4))
  t.equal(destination.dropped, 4, 'as many bytes as the limit wait')
  system.room = 8
  await clock.advance(1)
  destination.write('late\n')
  t.equal(destination.dropped, 5, 'the gap lasts until no line waits')
  t.same(reports, [])
  system.room = 1000
  await clock.advance(2)
  t.same(reports, [5])
  t.match(system.text, /^ {2}0\n.* {2}9\ndropped 5\n$/s)
  destination.write('next\n')
  t.match(system.text, /dropped 5\nnext\n$/)
  t.same(reports, [5])
})

t.test('an overlong log line is written when no line waits', async t => {
  const { system, destination } = setUp()
  const line = `${'x'.repeat(2 * MAX_WAITING_BYTES)}\n`
  destination.write(line)
  t.equal(system.text, line)
})

for (const code of ['ENOSPC', 'EIO', 'EFBIG', 'EPIPE', 'EBADF']) {
  t.test(`after ${code}, log lines are dropped until a write succeeds`, async t => {
    const { clock, system, destination, reports } = setUp()
    Object.assign(system, { room: 0, error: code })
    for (const line of ['one\n', 'two\n', 'three\n']) t.doesNotThrow(() => destination.write(line))
    t.equal(destination.dropped, 3)
    t.same(clock.pending, [], 'nothing waits')
    system.room = 1000
    destination.write('four\n')
    t.equal(system.text, 'four\ndropped 3\n')
    t.same(reports, [3])
    destination.write('five\n')
    t.equal(system.text, 'four\ndropped 3\nfive\n')
  })
}

t.test('a log line truncated by a full disk does not merge with the next line', async t => {
  const { clock, system, destination } = setUp()
  Object.assign(system, { room: 2, error: 'ENOSPC' })
  destination.write('one\n')
  await clock.advance(1)
  destination.write('two\n')
  t.equal(system.text, 'on')
  t.equal(destination.dropped, 2)
  system.room = 1000
  destination.write('three\n')
  destination.write('four\n')
  t.equal(system.text, 'on\nthree\ndropped 2\nfour\n')
})

t.test('waiting log lines are dropped when the reader closes', async t => {
  const { clock, system, destination } = setUp()
  system.room = 2
  for (const line of ['one\n', 'two\n', 'three\n']) destination.write(line)
  system.error = 'EPIPE'
  await clock.advance(1)
  t.equal(destination.dropped, 3)
  t.same(clock.pending, [])
})

t.test('flush waits until the waiting log lines are written, up to a limit', async t => {
  const { clock, system, destination } = setUp()
  await destination.flush(100)
  system.room = 0
  destination.write('one\n')
  let isFlushed = false
  const flushed = () => {
    isFlushed = true
  }
  const late = destination.flush(100).then(flushed)
  await clock.advance(99)
  t.equal(isFlushed, false)
  await clock.advance(1)
  await late
  t.equal(system.text, '')

  isFlushed = false
  const inTime = destination.flush(1000).then(flushed)
  system.room = 4
  await clock.advance(101)
  await inTime
  t.equal(system.text, 'one\n')
})
