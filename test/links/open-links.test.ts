import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { LinkFile } from '../../src/links/link-file.ts'
import { openLinks } from '../../src/links/open-links.ts'
import { Sealer } from '../../src/links/sealing.ts'
import { failureOf } from '../support/failure-of.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { DAY_MS, recordOf } from './support.ts'

let folders = 0

/** A path short enough for a socket, and a function to start a process on it. */
function fileFor(t: Test) {
  const folder = `/tmp/links-${process.pid}-${++folders}`
  mkdirSync(folder)
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'links.json')
  const clock = new ManualClock()
  const { logger: log, lines } = recordingLogger()
  const start = (secret = 'a client secret', previous?: string) =>
    openLinks(new LinkFile(path), {
      sealer: new Sealer(secret, previous),
      clock,
      log,
      forget: async () => {},
    })
  return { folder, path, start, clock, lines }
}

t.test('a new file is written at once, and links survive a restart', async t => {
  const { path, start } = fileFor(t)
  const first = await start()
  t.equal(readFileSync(path, 'utf8'), '{"version":1,"links":{}}\n')
  t.equal(statSync(path).mode & 0o777, 0o600)
  await first.links.add(recordOf('smedjan'))
  await first.close()
  t.notMatch(readFileSync(path, 'utf8'), 'AQ-first', 'no token in clear')
  const second = await start()
  t.match(second.links.find('smedjan'), { record: recordOf('smedjan') })
  await second.close()
})

t.test('a second process on the same file is refused, and the first keeps working', async t => {
  const { start } = fileFor(t)
  const first = await start()
  t.match(await failureOf(start()), { name: 'LinkFileError', message: /another process/ })
  await first.links.add(recordOf('smedjan'))
  await first.close()
  const second = await start()
  t.ok(second.links.find('smedjan'))
  await second.close()
})

t.test(
  'on start the service reseals records from the previous secret with the new secret',
  async t => {
    const { start, path } = fileFor(t)
    const old = await start('old')
    await old.links.add(recordOf('smedjan'))
    await old.close()
    const rotated = await start('new', 'old')
    await rotated.close()
    const after = readFileSync(path, 'utf8')
    const alone = await start('new')
    t.match(alone.links.find('smedjan'), { state: { name: 'active' } })
    await alone.close()
    t.equal(readFileSync(path, 'utf8'), after, 'a start that changes nothing writes nothing')
  },
)

t.test(
  'on start the service removes ended links that are due, and warns of consents ending soon',
  async t => {
    const { start, clock, lines, path } = fileFor(t)
    const before = await start()
    const ended = await before.links.add(recordOf('fifty'))
    await before.links.add(recordOf('smedjan'))
    await before.links.report(ended, { kind: 'other-user' })
    await before.close()
    clock.suspend(5 * DAY_MS)
    const second = await start()
    t.equal(second.links.find('fifty'), undefined, 'the row of an ended link is gone')
    t.notMatch(readFileSync(path, 'utf8'), 'fifty')
    await second.close()
    clock.suspend(150 * DAY_MS)
    const third = await start()
    t.match(lines().at(-1), { level: 'warn', msg: /ends soon/, user_id: 'smedjan' })
    await third.close()
  },
)

t.test('on start the service makes a file private if others can read it', async t => {
  const { start, path } = fileFor(t)
  await (await start()).close()
  chmodSync(path, 0o644)
  await (await start()).close()
  t.equal(statSync(path).mode & 0o777, 0o600)
})

t.test('an invalid links file prevents the start and stays unchanged', async t => {
  const { start, path, folder } = fileFor(t)
  for (const content of ['not JSON', '{"version":9,"links":{}}']) {
    writeFileSync(path, content)
    t.match(await failureOf(start()), { name: 'LinkFileError' })
    t.equal(readFileSync(path, 'utf8'), content)
    t.same(readdirSync(folder), ['links.json'], 'the lock is released')
  }
})

t.test('an unwritable file prevents the start', async t => {
  const { start, path, folder, clock } = fileFor(t)
  // Not even root can replace a folder with a file.
  const full = join(`${path}.tmp`, 'full')
  mkdirSync(full, { recursive: true })
  const failure = {
    name: 'LinkFileError',
    message: /cannot be written \(\w+\); its folder must be writable\.$/,
  }
  t.match(await failureOf(start()), failure)
  t.same(readdirSync(folder), ['links.json.tmp'], 'the lock is released')

  rmSync(`${path}.tmp`, { recursive: true })
  const { links, close } = await start()
  await links.report(await links.add(recordOf('fifty')), { kind: 'other-user' })
  await close()
  mkdirSync(full, { recursive: true })
  clock.suspend(5 * DAY_MS)
  t.match(await failureOf(start()), failure, 'with an old row to remove')
})
