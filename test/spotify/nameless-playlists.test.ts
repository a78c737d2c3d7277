import t from 'tap'
import { playlistsIn, read } from '../support/aggregator.ts'
import { entries } from '../support/scripted-client.ts'

t.test('playlists without an id are all kept, even identical ones', async t => {
  const list = await read([{ name: 'a' }, { name: 'a' }, { id: null }, { id: 7 }, { id: 7 }])
  t.same(playlistsIn(list), [{ name: 'a' }, { name: 'a' }, { id: null }, { id: 7 }, { id: 7 }])
  t.equal(list.complete, true)
})

t.test('playlists with an id count once even if others have no id', async t => {
  const mixed = [{ name: 'a' }, ...entries(0, 60), { name: 'a' }]
  const list = await read(mixed)
  t.same(playlistsIn(list), mixed)
  t.equal(list.complete, true)
  const repeated = await read([{ name: 'a' }, ...entries(0, 60), { name: 'a' }, ...entries(3, 4)])
  t.same(playlistsIn(repeated), mixed)
  t.equal(repeated.complete, false)
})

t.test('an empty id counts as no id', async t => {
  const list = [
    { id: '' },
    { id: '', name: 'a' },
    { id: '' },
    { id: ' ' },
    { id: ' ' },
    { id: 'a' },
  ]
  const result = await read(list)
  t.same(playlistsIn(result), list)
  t.equal(result.complete, true)
})
