import t from 'tap'
import { type PlaylistJson, playlist, Users } from '../../sandbox/users.ts'
import { sandboxFor } from './support.ts'

const many = Array.from({ length: 2000 }, (_, index) => playlist('smedjan', index))
const some = (test: (playlist: PlaylistJson) => boolean) => many.some(test)

t.test(
  'the same arguments give the same playlist, and different arguments a different id',
  async t => {
    t.same(playlist('smedjan', 7), playlist('smedjan', 7))
    t.equal(new Set(many.map(({ id }) => id)).size, many.length)
    t.not(playlist('collector', 7).id, playlist('smedjan', 7).id)
  },
)

t.test('the average playlist has a realistic size', async t => {
  const bytes = many.reduce((sum, item) => sum + Buffer.byteLength(JSON.stringify(item)), 0)
  t.ok(bytes / many.length > 1200 && bytes / many.length < 1400, `${bytes / many.length} bytes`)
})

t.test('a playlist has the members of a simplified playlist', async t => {
  for (const item of many.slice(0, 200)) {
    t.match(item.id, /^[0-9A-Za-z]{22}$/)
    t.match(item, {
      collaborative: Boolean,
      external_urls: { spotify: `https://open.spotify.com/playlist/${item.id}` },
      href: `https://api.spotify.com/v1/playlists/${item.id}`,
      name: String,
      owner: { id: 'smedjan', type: 'user', uri: 'spotify:user:smedjan' },
      snapshot_id: /^[\w+/]{32}$/,
      type: 'playlist',
      uri: `spotify:playlist:${item.id}`,
    })
  }
  const { owner } = playlist('#mimble!', 0)
  t.equal(owner.id, '#mimble!')
  t.equal(owner.uri, 'spotify:user:%23mimble!')
  t.equal(owner.external_urls.spotify, 'https://open.spotify.com/user/%23mimble!')
})

t.test('optional members are sometimes null or absent', async t => {
  t.ok(some(({ images }) => images === null))
  t.ok(some(({ images }) => images?.length === 0))
  t.ok(some(({ images }) => images?.length === 1 && images[0]?.width === null))
  t.ok(some(({ images }) => images?.map(({ width }) => width).join() === '640,300,60'))
  t.ok(some(item => !('items' in item) && 'tracks' in item))
  t.ok(some(item => 'items' in item && !('tracks' in item)))
  t.ok(some(item => item.items !== undefined && item.tracks === null))
  t.ok(some(item => item.items?.total === item.tracks?.total))
  t.ok(some(({ tracks }) => tracks?.total === null))
  t.ok(some(item => item.public === null))
  t.ok(some(item => item.collaborative) && some(item => !item.collaborative))
  t.ok(some(item => item.primary_color === null))
  t.ok(some(item => item.primary_color !== null))
  t.ok(some(({ description }) => description === null))
  t.ok(some(({ description }) => description === ''))
  t.ok(some(({ description }) => /&#x27;.*&amp;/.test(description ?? '')))
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(id => playlist(id, 0).owner)
  t.ok(names.some(({ display_name }) => display_name === null))
  t.ok(names.some(({ display_name }) => display_name !== null))
})

t.test('any fifty consecutive playlists include every kind of unusual name', async t => {
  const odd = [/"/, /,/, /\n/, /\r\n/, /\t/, /\p{Extended_Pictographic}/u, /\p{Script=Arabic}/u]
  odd.push(/\p{Script=Hebrew}/u, /^=/, /^\+/, /^-/, /^@/, /^$/, /^ .* $/, /\u200b/, /[<&]/)
  for (const start of [0, 33, 1950]) {
    const names = many.slice(start, start + 50).map(({ name }) => name)
    for (const kind of odd)
      t.ok(
        names.some(name => kind.test(name)),
        `${kind} from ${start}`,
      )
  }
})

t.test('every sandbox starts with the same users', async t => {
  const { sandbox } = await sandboxFor(t)
  const totals = {
    empty: 0,
    one: 1,
    fifty: 50,
    fiftyone: 51,
    smedjan: 120,
    collector: 2000,
    hoarder: 10_000,
    'with-nulls': 120,
    'all-null': 60,
    'with-private': 160,
  }
  for (const [id, total] of Object.entries(totals)) t.equal(sandbox.user(id)?.length, total, id)
  t.equal(sandbox.user('nobody'), undefined)
  t.equal(sandbox.user('constructor'), undefined)
  const ids = sandbox.user('hoarder')?.map(entry => entry?.id)
  t.equal(new Set(ids).size, 10_000)
})

t.test("some users' lists have null entries", async t => {
  const { sandbox } = await sandboxFor(t)
  const entries = sandbox.user('with-nulls') ?? []
  t.equal(entries[0], null)
  t.equal(entries.filter(entry => entry === null).length, 24)
  t.ok(sandbox.user('all-null')?.every(entry => entry === null))
})

t.test('a list contains followed playlists from other owners', async t => {
  const { sandbox } = await sandboxFor(t)
  const owners = new Set(sandbox.user('smedjan')?.map(entry => entry?.owner.id))
  t.ok(owners.has('smedjan'))
  t.ok(owners.has('wizzler'))
})

t.test('users can be added and changed', async t => {
  const users = new Users()
  const entries = [playlist('new', 0), null]
  users.set('new', entries)
  entries.pop()
  t.equal(users.get('new')?.length, 2, 'later changes to the given array have no effect')
  users.generate('smedjan', 3)
  t.equal(users.get('smedjan')?.length, 3)
  t.equal(users.get('smedjan'), users.get('smedjan'), 'generated once')
  t.ok(users.ids().includes('new'))
})
