import fc from 'fast-check'
import t from 'tap'
import { parseUserId } from '../../src/user-id/user-id.ts'
import { pasted } from '../support/pasted-ids.ts'
import { startService } from '../support/service.ts'

t.test('any path causes at most one Spotify request, only for the user in that path', async t => {
  // Without a cache, each lookup reaches Spotify.
  const { get, sandbox, clock } = await startService(t, {
    CACHE_FRESH_SECONDS: '0',
    CACHE_STALE_WHILE_REVALIDATE_SECONDS: '0',
    CACHE_STALE_IF_ERROR_SECONDS: '0',
    CACHE_NEGATIVE_SECONDS: '0',
    CACHE_MIN_REFRESH_SECONDS: '0',
  })
  let sent = 0
  const property = fc.asyncProperty(
    pasted.filter(text => text.isWellFormed()),
    async text => {
      sandbox.clear()
      const { statusCode } = await clock.runUntil(
        get(`/users/${encodeURIComponent(text)}/playlists`),
      )
      const paths = sandbox.requests.filter(({ kind }) => kind !== 'token').map(({ path }) => path)
      if (statusCode === 400 || statusCode === 404) return paths.length === 0
      sent++
      const [, segment = ''] =
        /^\/v1\/users\/([^/?#\\]+)\/playlists\?limit=50&offset=0$/.exec(String(paths[0])) ?? []
      return paths.length === 1 && decodeURIComponent(segment) === parseUserId(text)
    },
  )
  await t.resolves(fc.assert(property, { numRuns: 300 }))
  t.ok(sent > 50, `${sent} of them were sent`)
})
