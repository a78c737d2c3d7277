import fc from 'fast-check'
import t from 'tap'
import { loggablePath, loggableTarget, loggableUserId } from '../../src/lib/loggable-target.ts'

const KEY = 'canary'

t.test('a loggable path ends where a key might begin', async t => {
  for (const [target, path] of [
    ['/users/smedjan/playlists', '/users/smedjan/playlists'],
    ['/users/%zz/playlists', '/users/%zz/playlists'],
    ['/nope?key=canary', '/nope'],
    ['/nope&key=canary', '/nope'],
    ['/nope#key=canary', '/nope'],
    ['/nope;key=canary', '/nope'],
    ['/nope;key=canary/playlists', '/nope'],
    ['/nope%3Fkey=canary', '/nope'],
    ['/nope%26key=canary', '/nope'],
    ['/nope%23canary', '/nope'],
    ['/nope%3bkey=canary', '/nope'],
    ['/nope%25253Fkey=canary', '/nope'],
    ['?key=canary', '/'],
    ['', '/'],
    ['*', '/'],
    ['canary', '/'],
  ] as const) {
    t.equal(loggablePath(target), path, target)
  }
})

t.test('a loggable path has no authority that a URL parser could read', async t => {
  for (const [target, path] of [
    ['http://canary/nope', '/nope'],
    ['http://canary', '/'],
    ['HTTPS://u:canary@h?x', '/'],
    ['ftp://u:canary@h/x', '/x'],
    ['gopher://canary;x/x', '/'],
    ['canary://h/x', '/x'],
    ['//users/one/playlists', '/users/one/playlists'],
    ['//u:canary@h/x', '/h/x'],
    ['///u:canary@h/x', '/h/x'],
    ['/\\u:canary@h/x', '/h/x'],
    ['\\\\canary\\x', '/'],
    ['http://h//u:canary@h/x', '/h/x'],
    ['http://h/\\h/x', '/h/x'],
    ['/\t/h/x', '/h/x'],
  ] as const) {
    t.equal(loggablePath(target), path, target)
  }
})

t.test("a loggable path never contains an account owner's sealed address", async t => {
  const token = `eyJhbGciOiJkaXIifQ..${KEY}.${'x'.repeat(64)}.y`
  for (const [target, path] of [
    [`/link/${token}`, '/link/{token}'],
    [`/link/${token}/finish`, '/link/{token}/finish'],
    [`/base/LINK/${token}`, '/base/LINK/{token}'],
    [`http://h/link/${token}`, '/link/{token}'],
    ['/link/callback?code=canary&state=canary', '/link/callback'],
    ['/users/link/playlists', '/users/link/playlists'],
  ] as const) {
    t.equal(loggablePath(target), path, target)
    t.equal(loggableTarget(target), path, target)
  }
})

t.test('a URL in the path keeps the host, but not user name and password', async t => {
  for (const [target, path] of [
    ['/users/https://open.spotify.com/user/a@b', '/users/https://open.spotify.com/user/a@b'],
    ['/https://u:canary@h/x', '/https://h/x'],
    ['/https://u:p@canary@h/x', '/https://h/x'],
    ['/a%2F%2Fu%3Acanary%40h%2Fb@c', '/a%2F%2Fh%2Fb@c'],
    ['/a%252F%252fu:canary%2540h', '/a%252F%252fh'],
  ] as const) {
    t.equal(loggablePath(target), path, target)
  }
})

t.test('a loggable target is short and never ends within a percent-escape', async t => {
  t.equal(loggablePath(`/${'x'.repeat(15_000)}`), `/${'x'.repeat(255)}`)
  t.equal(loggablePath(`/${'x'.repeat(255)}`).length, 256)
  for (const length of [253, 254]) {
    t.equal(loggablePath(`/${'x'.repeat(length)}%20`), `/${'x'.repeat(length)}`)
  }
  t.equal(loggablePath(`/${'x'.repeat(252)}%20%20`), `/${'x'.repeat(252)}%20`)
  t.equal(loggableTarget(`/nope?${'limit=1&'.repeat(2000)}`).length, 256)
})

t.test('a loggable target has no authority, and nothing after ?, &, # or ;', async t => {
  const plain = fc.string({ unit: fc.constantFrom('/', '.', '%', '2', '\\', ':', '@', 'x') })
  const delimiter = fc.constantFrom('?', '&', '#', ';', '%3F', '%26', '%23', '%3b', '%253f')
  const scheme = fc.constantFrom('http', 'HTTPS', 'ftp', 'x-y+z.1')
  const properties = [
    fc.property(plain, delimiter, plain, (before, mark, after) => {
      return !loggableTarget(`/${before}${mark}${after}${KEY}${after}`).includes(KEY)
    }),
    fc.property(scheme, fc.constantFrom('', 'u:', 'x.'), plain, (scheme, before, after) => {
      return !loggableTarget(`${scheme}://${before}${KEY}/${after}`).includes(KEY)
    }),
    fc.property(plain, fc.constantFrom('//', '%2f/', '/%252F', '/\\'), (before, slashes) => {
      return !loggableTarget(`/${before}${slashes}u:${KEY}@h`).includes(KEY)
    }),
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), target => {
      const text = loggableTarget(target)
      const { origin } = new URL(loggablePath(target), 'http://here')
      return /^\/[!-~]*$/.test(text) && text.length <= 256 && origin === 'http://here'
    }),
  ]
  for (const property of properties) {
    t.doesNotThrow(() => fc.assert(property as fc.IProperty<unknown>, { numRuns: 5000 }))
  }
})

t.test('a loggable user id has no parameter', async t => {
  for (const [userId, loggable] of [
    ['smedjan', 'smedjan'],
    ['#mimble!', '#mimble!'],
    ['a@b', 'a@b'],
    ['one;key=canary', 'one'],
    ['one?canary=', 'one'],
    ['one#mimble&key=canary\nx', 'one#mimble'],
    ['5f0c/smedjan', 'smedjan'],
    ['/#mimble!', '#mimble!'],
  ] as const) {
    t.equal(loggableUserId(userId), loggable)
  }
})
