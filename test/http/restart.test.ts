import { join } from 'node:path'
import t from 'tap'
import { startService } from '../support/service.ts'

t.test('a service restarted with a snapshot does not refetch cached users', async t => {
  const variables = { CACHE_SNAPSHOT_FILE: join(t.testdir({}), 'cache.snapshot') }
  const first = await startService(t, variables)
  const paths = [
    '/users/smedjan/playlists',
    '/v1/users/one/playlists',
    '/users/one/playlists?format=csv',
  ]
  const before = []
  for (const path of paths) before.push(await first.get(path))
  await first.app.close()
  const second = await startService(t, variables)
  for (const [index, path] of paths.entries()) {
    const { body, headers } = await second.get(path)
    t.equal(body, before[index]?.body)
    t.equal(headers.etag, before[index]?.headers.etag)
    t.equal(headers['last-modified'], before[index]?.headers['last-modified'])
  }
  t.equal(second.sandbox.count('api'), 0)
})
