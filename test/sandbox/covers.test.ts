import t from 'tap'
import type { PlaylistJson } from '../../sandbox/sandbox.ts'
import { sandboxFor } from './support.ts'

const imagesOf = (entries: readonly (PlaylistJson | null)[] = []) =>
  entries.map(entry => entry?.images ?? [])

t.test('the sandbox draws every playlist image', async t => {
  const { sandbox, origin, call } = await sandboxFor(t)
  const covers = imagesOf(sandbox.user('smedjan')).filter(images => images.length > 0)
  for (const images of covers) {
    for (const { url, width } of images) {
      t.ok(url.startsWith(`${origin}/`), url)
      const { status, headers, text } = await call('GET', url.slice(origin.length))
      t.equal(status, 200, url)
      t.equal(headers['content-type'], 'image/svg+xml')
      t.match(text, RegExp(`^<svg xmlns="http://www.w3.org/2000/svg" width="${width ?? 640}" `))
    }
  }
  t.ok(covers.length > 90 && covers.length < 120, 'some playlists have none')
  t.ok(covers.some(images => images.length === 1))
  t.equal(sandbox.requests.length, 0, 'requests for covers do not count as Web API requests')
})

t.test('a cover depends only on the playlist, and looks the same in all sizes', async t => {
  const [first, second] = [await sandboxFor(t), await sandboxFor(t)]
  const drawings: string[] = []
  for (const images of imagesOf(first.sandbox.user('fifty'))) {
    const ofSizes: string[] = []
    for (const { url } of images) {
      const path = url.slice(first.origin.length)
      const { text } = await first.call('GET', path)
      t.equal((await second.call('GET', path)).text, text)
      ofSizes.push(text.replace(/width="\d+" height="\d+"/, ''))
    }
    t.ok(new Set(ofSizes).size <= 1)
    drawings.push(...ofSizes.slice(0, 1))
  }
  t.ok(drawings.length > 40)
  t.equal(new Set(drawings).size, drawings.length, 'no two playlists have the same cover')
})

t.test("covers are at the sandbox's public URL", async t => {
  const { sandbox } = await sandboxFor(t, { publicUrl: 'http://covers.example' })
  sandbox.setUser('own', [null])
  const urls = imagesOf(sandbox.user('smedjan')).flatMap(images => images.map(({ url }) => url))
  t.ok(urls.length > 0)
  t.ok(urls.every(url => /^http:\/\/covers\.example\/(640|300|60|image)\//.test(url)))
})

t.test('covers are read-only, and other paths are not found', async t => {
  const { sandbox, origin, call } = await sandboxFor(t)
  const [url = ''] = imagesOf(sandbox.user('one')).flatMap(images => images.map(({ url }) => url))
  const path = url.slice(origin.length)
  const head = await call('HEAD', path)
  t.match(head, { status: 200, text: '', headers: { 'content-type': 'image/svg+xml' } })
  const post = await call('POST', path)
  t.match(post, { status: 405, headers: { allow: 'GET, HEAD' } })
  for (const other of [
    `${path}/`,
    `${path}0000`,
    '/640/',
    '/64/abc',
    '/image/x',
    '/image/../image',
  ]) {
    t.equal((await call('GET', other)).status, 404, other)
  }
})
