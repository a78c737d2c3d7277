import t from 'tap'
import {
  mergeFromReplica,
  StoredPlaylists,
  UnknownUser,
} from '../../src/playlists/cached-playlists.ts'
import { chunkOf, Records } from '../../src/playlists/records.ts'
import { Problem } from '../../src/problems/problem.ts'

const nobody = new UnknownUser(new Problem('user-not-found', 'x'))

function playlists(name: string, modifiedAt: number): StoredPlaylists {
  const list = {
    playlists: new Records([chunkOf([name], ',')]),
    spotifyTotal: 1,
    complete: true,
    settled: false,
    digest: name,
    membership: name,
  }
  return new StoredPlaylists(list, modifiedAt, undefined)
}

t.test('what another process has stored is taken as it is when it differs', async t => {
  const theirs = playlists('a', 1)
  t.equal(mergeFromReplica(theirs, undefined), theirs)
  t.equal(mergeFromReplica(theirs, playlists('b', 2)), theirs)
  t.equal(mergeFromReplica(theirs, nobody), theirs)
  t.equal(mergeFromReplica(nobody, theirs), nobody)
})

t.test('the bytes of an equal list go on being used, and were not modified earlier', async t => {
  const ours = playlists('a', 5)
  for (const [theirsAt, modifiedAt] of [
    [4, 5],
    [6, 6],
  ] as const) {
    const adopted = mergeFromReplica(playlists('a', theirsAt), ours) as StoredPlaylists
    t.equal(adopted.list.playlists, ours.list.playlists)
    t.equal(adopted.modifiedAt, modifiedAt)
  }
})

t.test('a user whom nobody knows takes room, too', async t => {
  t.ok(nobody.heldBytes > 1000, 'or a flood of made-up names would cost memory without bound')
})
