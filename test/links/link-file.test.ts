import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type FileSystem, LinkFile } from '../../src/links/link-file.ts'

const RECORDS = new Map([
  ['smedjan', 'sealed'],
  ['__proto__', 'sealed too'],
])

t.test('the file returns the written records and is readable only by the owner', async t => {
  const path = join(t.testdir(), 'links.json')
  const file = new LinkFile(path)
  t.equal(await file.read(), undefined, 'no file yet')
  await file.write(RECORDS)
  t.same(await file.read(), { records: RECORDS, isPrivate: true })
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.notOk(existsSync(`${path}.tmp`))
  chmodSync(path, 0o640)
  t.equal((await file.read())?.isPrivate, false)
  await file.write(new Map())
  t.same(await file.read(), { records: new Map(), isPrivate: true })
})

t.test('a write replaces an abandoned temporary file', async t => {
  const path = join(t.testdir({ 'links.json.tmp': 'left' }), 'links.json')
  chmodSync(`${path}.tmp`, 0o644)
  await new LinkFile(path).write(RECORDS)
  t.equal(statSync(path).mode & 0o777, 0o600)
})

t.test('an invalid links file is refused and left unchanged', async t => {
  const cases: Array<[content: string, reason: RegExp]> = [
    ['', /is not JSON/],
    ['{"version":1,"links":{"smedjan":"sea', /is not JSON/],
    ['null', /is not a file of links/],
    ['[]', /is not a file of links/],
    ['{}', /is not a file of links/],
    ['{"version":"1","links":{}}', /is not a file of links/],
    ['{"version":0,"links":{}}', /is not a file of links/],
    ['{"version":1}', /is not a file of links/],
    ['{"version":1,"links":[]}', /is not a file of links/],
    ['{"version":1,"links":"smedjan"}', /is not a file of links/],
    ['{"version":1,"links":null}', /is not a file of links/],
    ['{"version":1,"links":{"smedjan":7}}', /is not a file of links/],
    ['{"version":2,"links":{}}', /was written by a later version of this service/],
    ['{"version":2}', /was written by a later version/],
  ]
  for (const [content, reason] of cases) {
    const path = join(t.testdir({ 'links.json': content }), 'links.json')
    const error = await new LinkFile(path).read().catch(error => error)
    t.match(error, { name: 'LinkFileError', message: reason }, content)
    t.match(error.message, `LINKS_FILE ${path} `)
    t.equal(error.cause, undefined, 'its content is nowhere in the error')
    t.equal(readFileSync(path, 'utf8'), content)
  }
})

t.test('a path is refused unless it is a regular file', async t => {
  const folder = t.testdir({ 'links.json': '{"version":1,"links":{}}' })
  mkdirSync(join(folder, 'folder'))
  symlinkSync(join(folder, 'links.json'), join(folder, 'link'))
  const read = (name: string) => new LinkFile(join(folder, name)).read()
  await t.rejects(read('folder'), /is not a regular file; choose another file/)
  await t.rejects(read('link'), /is a symbolic link; choose another file/)
  await t.rejects(read('links.json/below'), /cannot be read \(ENOTDIR\)/)
})

/** A file system where the nth call in a write fails, either instead of taking effect or afterwards. */
function failing(nth: number, after: boolean) {
  let calls = 0
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const fails = ++calls === nth
    const result = fails && !after ? undefined : await work()
    if (fails) throw Object.assign(new Error(`${name} failed`), { code: 'EIO' })
    return result as T
  }
  const handle = (file: FileHandle) =>
    new Proxy(file, {
      get(target, name) {
        const value = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        const call = value.bind(target)
        if (name !== 'writeFile' && name !== 'sync') return call
        return (...args: unknown[]) => step(name, () => call(...args))
      },
    })
  const fileSystem: FileSystem = {
    open: async (path, flags, mode) => {
      const file = await open(path, flags, mode)
      const stepped = await step('open', async () => handle(file)).catch(async error => {
        await file.close()
        throw error
      })
      return stepped
    },
    rename: (from, to) => step('rename', () => rename(from, to)),
    rm: (path, options) => step('rm', () => rm(path, options)),
  }
  return {
    fileSystem,
    get calls() {
      return calls
    },
  }
}

t.test('a write that fails at any step leaves the old or the new file', async t => {
  const old = new Map([['smedjan', 'old']])
  const next = new Map([['smedjan', 'new']])
  const path = join(t.testdir(), 'links.json')
  const count = failing(0, false)
  await new LinkFile(path, count.fileSystem).write(old)
  t.equal(count.calls, 7, 'rm, open, write, sync, rename, open folder, sync folder')
  const outcomes: string[] = []
  for (let nth = 1; nth <= count.calls; nth++) {
    for (const after of [false, true]) {
      await new LinkFile(path).write(old)
      const { fileSystem } = failing(nth, after)
      await t.rejects(new LinkFile(path, fileSystem).write(next), { code: 'EIO' })
      const read = await new LinkFile(path).read()
      t.ok(['old', 'new'].includes(String(read?.records.get('smedjan'))), `step ${nth} ${after}`)
      t.notOk(existsSync(`${path}.tmp`))
      outcomes.push(String(read?.records.get('smedjan')))
    }
  }
  t.same(new Set(outcomes), new Set(['old', 'new']))
})

/**
 * The possible disk contents after a power cut at each step of a write. Linux file systems can keep,
 * truncate or lose unsynced bytes, and might or might not have applied an unsynced rename.
 */
function* disksAfterPowerCut(calls: readonly string[], text: string) {
  for (let done = 0; done <= calls.length; done++) {
    const happened = calls.slice(0, done)
    const isSynced = happened.includes('sync')
    const contents = isSynced ? [text] : ['', text.slice(0, text.length / 2), text]
    const mayBeRenamed = happened.includes('rename')
    const isFolderSynced = happened.filter(call => call === 'sync').length === 2
    for (const temporary of contents) {
      if (mayBeRenamed) yield { done, renamed: temporary }
      if (!isFolderSynced) yield { done, temporary }
    }
  }
}

t.test('a power cut at any step of a write leaves the old or the new file', async t => {
  const calls: string[] = []
  const folder = t.testdir()
  const path = join(folder, 'links.json')
  const record = (name: string) => calls.push(name)
  const fileSystem: FileSystem = {
    async open(name, flags, mode) {
      record('open')
      const file = await open(name, flags, mode)
      const { writeFile, sync } = file
      file.writeFile = async (...args) => {
        record('write')
        return writeFile.apply(file, args)
      }
      file.sync = async () => {
        record('sync')
        return sync.apply(file)
      }
      return file
    },
    async rename(from, to) {
      record('rename')
      await rename(from, to)
    },
    rm,
  }
  await new LinkFile(path, fileSystem).write(new Map([['smedjan', 'new']]))
  t.same(calls, ['open', 'write', 'sync', 'rename', 'open', 'sync'])
  const text = readFileSync(path, 'utf8')
  const old = text.replace('new', 'old')
  let disks = 0
  for (const disk of disksAfterPowerCut(calls, text)) {
    disks++
    writeFileSync(path, 'renamed' in disk ? disk.renamed : old)
    if ('temporary' in disk) writeFileSync(`${path}.tmp`, disk.temporary)
    const read = await new LinkFile(path).read()
    t.match(read?.records.get('smedjan'), /^(?:old|new)$/, JSON.stringify(disk))
    await new LinkFile(path).write(new Map())
  }
  t.equal(disks, 15)
})
