import t from 'tap'
import { failureOf } from '../support/failure-of.ts'
import { DAY_MS, linksFor, recordOf } from './support.ts'

t.test(
  'remove() removes a link from memory at once, and from the file before it resolves',
  async t => {
    const { links, file, forgotten, messages } = linksFor()
    await links.add(recordOf('smedjan'))
    const removing = links.remove('smedjan')
    t.equal(links.find('smedjan'), undefined)
    t.equal(forgotten.length, 1)
    await removing
    t.equal(file.records.size, 0)
    t.equal(messages()[1], 'info: unlinked an account')
    const { writes } = file
    await links.remove('smedjan')
    t.equal(file.writes, writes, 'nothing to do')
  },
)

t.test('a second removal removes the link after the first failed to write the file', async t => {
  const { links, file } = linksFor()
  await links.add(recordOf('smedjan'))
  file.failure = new Error('EROFS')
  t.match(await failureOf(links.remove('smedjan')), { type: 'internal-error' })
  t.match(await failureOf(links.remove('smedjan')), { type: 'internal-error' }, 'not done yet')
  t.equal(links.find('smedjan'), undefined)
  file.failure = undefined
  await links.remove('smedjan')
  t.equal(file.records.size, 0)
})

t.test('a link removed while it waits for a write never gets into the file', async t => {
  const { links, file, clock } = linksFor()
  let release = () => {}
  file.held = new Promise(resolve => {
    release = resolve
  })
  const adding = failureOf(links.add(recordOf('smedjan')))
  clock.suspend(1)
  const removing = links.remove('smedjan')
  release()
  t.match(await adding, { type: 'link-invalid' })
  await removing
  t.equal(links.find('smedjan'), undefined)
  t.equal(file.records.size, 0)
})

t.test('unlinking during a link write removes the link from the file', async t => {
  const { links, file, clock } = linksFor()
  const write = file.write.bind(file)
  const isWriting = new Promise<void>(resolve => {
    file.write = async records => {
      resolve()
      await new Promise(written => setImmediate(written))
      await write(records)
    }
  })
  const adding = failureOf(links.add(recordOf('smedjan')))
  await isWriting
  clock.suspend(1)
  await links.remove('smedjan')
  t.equal(file.records.size, 0)
  t.match(await adding, { type: 'link-invalid' })
  t.equal(links.find('smedjan'), undefined)
})

t.test(
  'the service remembers a removal for a day, as long as earlier invitations would be valid',
  async t => {
    const { links, clock } = linksFor()
    const before = clock.now()
    clock.suspend(1)
    const removedAt = clock.now()
    await links.remove('smedjan')
    t.ok(links.isRemovedSince('smedjan', before))
    t.notOk(links.isRemovedSince('smedjan', removedAt))
    t.notOk(links.isRemovedSince('fifty', before))
    clock.suspend(DAY_MS - 1)
    await links.sweep()
    t.ok(links.isRemovedSince('smedjan', before))
    clock.suspend(1)
    await links.sweep()
    t.notOk(links.isRemovedSince('smedjan', before), 'no entry is kept for ever')
  },
)

t.test('a second removal waits for the first', async t => {
  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  const { links, file } = linksFor({ forget: () => held })
  await links.add(recordOf('smedjan'))
  file.held = held
  let isGone = false
  const first = links.remove('smedjan')
  const second = links.remove('smedjan').then(() => {
    isGone = true
  })
  await new Promise(resolve => setImmediate(resolve))
  t.notOk(isGone)
  release()
  await Promise.all([first, second])
  t.equal(file.records.size, 0)
})

t.test('a removal fails if the lists cannot be forgotten, and can be retried', async t => {
  const failure = new Error('EIO')
  let isBroken = true
  const forgotten: string[] = []
  const forget = async ({ linkId }: { linkId: string }) => {
    if (isBroken) throw failure
    forgotten.push(linkId)
  }
  const { links, file } = linksFor({ forget })
  await links.add(recordOf('smedjan'))
  t.equal(await failureOf(links.remove('smedjan')), failure)
  t.equal(file.records.size, 0, 'the token is gone all the same')
  t.equal(await failureOf(links.remove('smedjan')), failure, 'not done yet')
  isBroken = false
  await links.remove('smedjan')
  t.same(forgotten, ['link of smedjan'])
  await links.remove('smedjan')
  t.equal(forgotten.length, 1)
})

t.test('the sweep retries forgetting the lists of ended and replaced links', async t => {
  let isBroken = true
  const forgotten: string[] = []
  const forget = async ({ linkId }: { linkId: string }) => {
    if (isBroken) throw new Error('EIO')
    forgotten.push(linkId)
  }
  const { links } = linksFor({ forget })
  await links.add(recordOf('smedjan', { linkId: 'one' }))
  const second = await links.add(recordOf('smedjan', { linkId: 'two' }))
  await links.report(second, { kind: 'other-user' })
  t.match(second.state, { name: 'mismatch' })
  await links.sweep()
  t.same(forgotten, [])
  isBroken = false
  await links.sweep()
  t.same(forgotten, ['one', 'two'])
})
