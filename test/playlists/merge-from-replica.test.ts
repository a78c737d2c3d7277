import t from 'tap'
import {
  mergeFromReplica,
  StoredPlaylists,
  UnknownUser,
} from '../../src/playlists/cached-playlists.ts'
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
  return new StoredPlaylists(list, modifiedAt)
}

t.test("mergeFromReplica returns a replica's different body unchanged", async t => {
  const theirs = playlists('a', 1)
  t.equal(mergeFromReplica(theirs, undefined), theirs)
  t.equal(mergeFromReplica(theirs, playlists('b', 2)), theirs)
  t.equal(mergeFromReplica(theirs, nobody), theirs)
  t.equal(mergeFromReplica(nobody, theirs), nobody)
})

t.test('an equal list keeps our bytes and the later date', async t => {
  const ours = playlists('a', 5)
  for (const [theirsAt, modifiedAt] of [
    [4, 5],
    [6, 6],
  ] as const) {
    const merged = mergeFromReplica(playlists('a', theirsAt), ours) as StoredPlaylists
    t.equal(merged.list.playlists, ours.list.playlists)
    t.equal(merged.modifiedAt, modifiedAt)
  }
})

t.test('a cached 404 counts towards the cache size', async t => {
  t.ok(nobody.heldBytes > 1000, 'else a flood of unknown ids would exceed the bound')
})
