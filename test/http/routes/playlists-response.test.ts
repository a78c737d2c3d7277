import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { stored } from '../../../src/cache/freshness.ts'
import { ANONYMOUS } from '../../../src/config/api-keys.ts'
import { createServer } from '../../../src/http/create-server.ts'
import { acceptAllMethods } from '../../../src/http/methods.ts'
import { addSchemas } from '../../../src/http/openapi/schemas.ts'
import { compressions } from '../../../src/http/representation/compression.ts'
import { FastPath } from '../../../src/http/routes/fast-path.ts'
import { userPlaylistsRoute } from '../../../src/http/routes/user-playlists.ts'
import { StoredPlaylists } from '../../../src/playlists/cached-playlists.ts'
import { VariantCache } from '../../../src/playlists/representations.ts'
import { SerialisedItems, segmentOf } from '../../../src/playlists/serialised-items.ts'
import { occupyCompressions } from '../../support/busy-compressions.ts'
import { recordingLogger } from '../../support/log-lines.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { listen } from '../../support/raw-http.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const MAX_WAITING_BYTES = 4 * 1024 * 1024
const isNoneWaiting = () => compressions.hasRoomFor(MAX_WAITING_BYTES)

/** Requests compressed lists on a new connection. */
function request(port: number, ...paths: string[]) {
  const socket = connect(port, '127.0.0.1')
  const fields = 'Host: x\r\nAccept-Encoding: br, identity;q=0\r\n'
  socket.write(paths.map(path => `GET /users/${path} HTTP/1.1\r\n${fields}\r\n`).join(''))
  return socket
}

t.test('the service cancels a compression once all its callers have disconnected', async t => {
  const { app, get, lines } = await startService(t)
  await get('/users/collector/playlists')
  const port = await listen(app)
  occupyCompressions(t)
  for (const paths of [
    ['collector/playlists'],
    ['collector/playlists?limit=500', 'collector/playlists?offset=1500'],
  ]) {
    const socket = request(port, ...paths)
    await until(() => !isNoneWaiting())
    socket.destroy()
    await until(isNoneWaiting)
  }
  await until(() => lines().filter(({ status }) => status === 499).length === 3)
  t.same(
    lines().filter(({ level }) => Number(level) > 30),
    [],
    'without warnings',
  )
})

t.test('no list is compressed for a caller disconnecting before it arrives', async t => {
  const { app, sandbox, lines, quiet } = await startService(t)
  const port = await listen(app)
  occupyCompressions(t)
  const release = sandbox.hold('api')
  const socket = request(port, 'collector/playlists')
  await sandbox.arrived('api', 1)
  socket.destroy()
  await until(() => lines().some(({ status }) => status === 499))
  release()
  await quiet()
  t.ok(isNoneWaiting())
  t.match(await app.inject('/users/collector/playlists'), { statusCode: 200 })
  t.equal(sandbox.count('api'), 40, 'the list is cached all the same')
})

/** The route on top of a cache with one playlist for each user, and the lookup keys. */
function routeFor(t: Test, playlist: string, keyOf?: (userId: string) => string, isFast = false) {
  const { logger, lines } = recordingLogger()
  const clock = new ManualClock()
  const { app, responses } = createServer({ basePath: '', clock, logger, observe: () => {} })
  t.teardown(() => app.close())
  acceptAllMethods(app)
  addSchemas(app)
  const list = {
    playlists: new SerialisedItems([segmentOf([playlist], ',')]),
    spotifyTotal: 1,
    complete: true,
    settled: false,
    membership: '',
    digest: '',
  }
  const cached = stored(new StoredPlaylists(list, 0), clock.now(), {
    freshSeconds: 300,
    staleWhileRevalidateSeconds: 0,
    staleIfErrorSeconds: 0,
  })
  const keys: string[] = []
  const cache = {
    lookup(key: string) {
      keys.push(key)
      return { response: cached }
    },
    fresh: () => cached,
    countHit() {},
  }
  const variants = new VariantCache(1_000_000)
  const fastPath = new FastPath({
    cache: cache as never,
    variants,
    maxBytes: 10_000,
    keyOf,
    admit: () => ({ caller: ANONYMOUS, rateLimitFields: undefined }),
    responses,
    observe: () => {},
    clock,
  })
  if (isFast) fastPath.attachTo(app.server)
  userPlaylistsRoute(app, {
    cache: cache as never,
    variants,
    clock,
    publicUrl: undefined,
    cacheScope: 'public',
    fastPath: isFast ? fastPath : undefined,
    keyOf,
  })
  return { app, lines, keys }
}

t.test('a list read on behalf of the user is private', async t => {
  const keyOf = (userId: string) => (userId === 'linked' ? 'one/linked' : userId)
  const { app, keys } = routeFor(t, '{}', keyOf)
  const scopeOf = async (user: string) => {
    const { headers, body } = await app.inject(`/users/${user}/playlists`)
    t.notMatch(body, 'one/')
    return String(headers['cache-control']).split(',')[0]
  }
  t.equal(await scopeOf('linked'), 'private')
  t.equal(await scopeOf('other'), 'public')
  t.same(keys, ['one/linked', 'other'])
})

t.test('repeated hits for a linked user are private until the user is unlinked', async t => {
  let linkId: string | undefined = 'one'
  const keyOf = (userId: string) => (linkId === undefined ? userId : `${linkId}/${userId}`)
  const { app, keys } = routeFor(t, '{}', keyOf, true)
  const port = await listen(app)
  const scopeOf = async () => {
    const { headers } = await fetch(`http://127.0.0.1:${port}/users/linked/playlists`)
    return headers.get('cache-control')?.split(',')[0]
  }
  const scopes: unknown[] = []
  for (let times = 0; times < 3; times++) scopes.push(await scopeOf())
  t.same(scopes, ['private', 'private', 'private'])
  t.same(keys, ['one/linked', 'one/linked'], 'the third one did not go through the route')
  linkId = undefined
  t.same([await scopeOf(), await scopeOf()], ['public', 'public'])
  t.same(keys.slice(2), ['linked'])
})

t.test('a malformed cached playlist is an internal error', async t => {
  const { app, lines } = routeFor(t, '{')
  const response = await app.inject('/users/one/playlists?format=csv')
  t.equal(response.statusCode, 500)
  t.match(response.json(), { type: '/problems/internal-error' })
  t.match(lines(), [{ level: 'error', problem: 'internal-error' }])
})
