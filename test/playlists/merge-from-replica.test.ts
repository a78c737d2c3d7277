import t from 'tap'
import { adopt, StoredPlaylists, UnknownUser } from '../../src/playlists/cached-playlists.ts'
import { SerialisedItems, segmentOf } from '../../src/playlists/serialised-items.ts'
import { Problem } from '../../src/problems/problem.ts'

const nobody = new UnknownUser(new Problem('user-not-found', 'x'))

function playlists(name: string, modifiedAt: number): StoredPlaylists {
  const list = {
    playlists: new SerialisedItems([segmentOf([name], ',')]),
    spotifyTotal: 1,
    complete: true,
    settled: false,
    digest: name,
    membership: name,
  }
  return new StoredPlaylists(list, modifiedAt, undefined)
}

t.test('a different body of another replica replaces ours', async t => {
  const theirs = playlists('a', 1)
  t.equal(adopt(theirs, undefined), theirs)
  t.equal(adopt(theirs, playlists('b', 2)), theirs)
  t.equal(adopt(theirs, nobody), theirs)
  t.equal(adopt(nobody, theirs), nobody)
})

t.test('an equal list reuses the bytes of ours and has the later modifiedAt', async t => {
  const ours = playlists('a', 5)
  for (const [theirsAt, modifiedAt] of [
    [4, 5],
    [6, 6],
  ] as const) {
    const merged = adopt(playlists('a', theirsAt), ours) as StoredPlaylists
    t.equal(merged.list.playlists, ours.list.playlists)
    t.equal(merged.modifiedAt, modifiedAt)
  }
})

t.test('an unknown user has a size', async t => {
  t.ok(nobody.heldBytes > 1000, 'so the store bounds the number of unknown users')
})
