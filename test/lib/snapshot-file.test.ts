import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { temporaryPath } from '../../src/lib/files.ts'
import { PREAMBLE, snapshotFaults } from '../../src/lib/snapshot-file.ts'

type Put = (path: string, t: Test) => unknown

const foreign: [string, Put][] = [
  ['some text', path => writeFileSync(path, 'SPOTIFY_CLIENT_ID=\n')],
  ['a single byte', path => writeFileSync(path, 'x')],
  ['zeros', path => writeFileSync(path, Buffer.alloc(100))],
  ['text with a similar beginning', path => writeFileSync(path, 'playlist-proxy snapshots\n')],
  ['text about snapshots', path => writeFileSync(path, 'playlist-proxy snapshot 2 is broken\n')],
  ['a folder', path => mkdirSync(path)],
  ['a link to nothing', path => symlinkSync('nothing', path)],
  ['a link to itself', path => symlinkSync(path, path)],
  ['a link to a device', path => symlinkSync('/dev/null', path)],
  ['a pipe', path => execFileSync('mkfifo', [path])],
  [
    'a socket',
    async (path, t) => {
      const server = createServer().listen(path)
      await once(server, 'listening')
      t.teardown(() => server.close())
    },
  ],
]

const fine: [string, Put][] = [
  ['no file', () => {}],
  ['an empty file', path => writeFileSync(path, '')],
  ['a snapshot', path => writeFileSync(path, PREAMBLE)],
  ['an older one', path => writeFileSync(path, 'playlist-proxy snapshot 1\nand so on')],
  ['a newer one', path => writeFileSync(path, 'playlist-proxy snapshot 10\nand so on')],
  ['a damaged one', path => writeFileSync(path, Buffer.concat([PREAMBLE, Buffer.alloc(9)]))],
]

/** Returns a path in a new folder, short enough for a socket. */
function pathFor(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'snapshot-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return join(folder, 'cache')
}

for (const [name, put] of foreign) {
  t.test(`a snapshot does not replace ${name}`, async t => {
    const path = pathFor(t)
    await put(path, t)
    const faults = snapshotFaults(path)
    t.equal(faults.length, 1)
    t.match(faults[0], /^the file is .*; choose a new file$/)
  })

  t.test(`the temporary file does not replace ${name}`, async t => {
    const path = pathFor(t)
    await put(temporaryPath(path), t)
    const faults = snapshotFaults(path)
    t.equal(faults.length, 1)
    t.match(faults[0], /^the temporary file, with \.tmp appended, is .*; choose a new file$/)
  })
}

for (const [name, put] of fine) {
  t.test(`${name} can be replaced`, async t => {
    const path = pathFor(t)
    await put(path, t)
    await put(temporaryPath(path), t)
    t.same(snapshotFaults(path), [])
  })
}

t.test('a snapshot truncated anywhere can be replaced', async t => {
  const path = pathFor(t)
  for (let length = 0; length < PREAMBLE.length; length++) {
    writeFileSync(path, PREAMBLE.subarray(0, length))
    t.same(snapshotFaults(path), [], `${length} bytes`)
  }
})

t.test('a snapshot path through a file is a fault', async t => {
  const path = pathFor(t)
  writeFileSync(path, '')
  t.same(snapshotFaults(join(path, 'cache.snapshot')), [
    'the file cannot be read (ENOTDIR); choose a new file',
    'the temporary file, with .tmp appended, cannot be read (ENOTDIR); choose a new file',
  ])
})

t.test('checking a snapshot path does not open a device', async t => {
  t.match(snapshotFaults('/dev/null'), [/device/])
})
