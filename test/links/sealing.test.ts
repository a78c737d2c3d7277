import fc from 'fast-check'
import t from 'tap'
import { PURPOSES, Sealer } from '../../src/links/sealing.ts'

const SECRET = 'a client secret'

t.test('a sealed value opens with the same secret and purpose', async t => {
  const sealer = new Sealer(SECRET)
  const value = { userId: 'smedjan', refreshToken: 'AQ', list: [1, null] }
  const sealed = await sealer.seal('link record', value)
  t.match(sealed, /^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/, 'compact JWE without an encrypted key')
  t.same(JSON.parse(Buffer.from(sealed.split('.')[0] ?? '', 'base64url').toString()), {
    alg: 'dir',
    enc: 'A256GCM',
  })
  t.notMatch(Buffer.from(sealed, 'base64url').toString('latin1'), 'smedjan')
  t.same(await new Sealer(SECRET).open('link record', sealed), { value, isCurrent: true })
  t.not(await sealer.seal('link record', value), sealed, 'a new initialization vector each time')
})

t.test('a text sealed for one purpose does not open for another', async t => {
  const sealer = new Sealer(SECRET)
  for (const made of PURPOSES) {
    const sealed = await sealer.seal(made, {})
    for (const used of PURPOSES) {
      t.equal((await sealer.open(used, sealed)) !== undefined, made === used, `${made} as ${used}`)
    }
  }
})

t.test('the previous secret opens texts, but only the current secret seals them', async t => {
  const old = await new Sealer('old').seal('link record', { a: 1 })
  const rotated = new Sealer('new', 'old')
  t.same(await rotated.open('link record', old), { value: { a: 1 }, isCurrent: false })
  t.equal(await new Sealer('new').open('link record', old), undefined)
  const sealed = await rotated.seal('link record', {})
  t.same(await new Sealer('new').open('link record', sealed), { value: {}, isCurrent: true })
})

t.test('no changed, shortened or invented text opens', async t => {
  const sealer = new Sealer(SECRET)
  const sealed = await sealer.seal('invitation', { userId: 'smedjan' })
  const opens = async (text: string) => (await sealer.open('invitation', text)) !== undefined
  t.notOk(await opens(''))
  t.notOk(await opens('x'.repeat(10_000)))
  t.notOk(await opens(sealed.slice(0, -1)))
  for (const same of [`${sealed} `, `\n${sealed}`, sealed.replace('..', '. .'), `${sealed}=`]) {
    t.notOk(await opens(same), 'no other spelling of the same bytes')
  }
  for (let at = 0; at < sealed.length; at++) {
    const other = sealed[at] === 'A' ? 'B' : 'A'
    t.notOk(await opens(`${sealed.slice(0, at)}${other}${sealed.slice(at + 1)}`), `flipped ${at}`)
  }
  const header = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const rest = sealed.slice(sealed.indexOf('.'))
  for (const changes of [{ alg: 'A256KW' }, { enc: 'A128GCM' }, { zip: 'DEF' }, { crit: ['x'] }]) {
    t.notOk(await opens(`${header({ alg: 'dir', enc: 'A256GCM', ...changes })}${rest}`))
  }
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        fc.array(fc.base64String()).map(parts => parts.join('.')),
      ),
      async text => {
        t.notOk(await opens(text))
      },
    ),
    { numRuns: 2000 },
  )
})

t.test('only the sealed text opens; another that decodes to the same bytes does not', async t => {
  const sealer = new Sealer('a client secret')
  const text = await sealer.seal('invitation', { userId: 'smedjan' })
  const others = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
    .map(last => text.slice(0, -1) + last)
    .filter(other => other !== text)
  for (const other of [...others, `${text} `, ` ${text}`, `${text}\n`, `${text}=`, `${text}==`]) {
    t.equal(await sealer.open('invitation', other), undefined, JSON.stringify(other))
  }
})
