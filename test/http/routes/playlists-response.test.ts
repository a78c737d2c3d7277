import { connect } from 'node:net'
import t from 'tap'
import { createServer } from '../../../src/http/create-server.ts'
import { acceptAllMethods } from '../../../src/http/methods.ts'
import { addSchemas } from '../../../src/http/openapi/schemas.ts'
import { compressions } from '../../../src/http/representation/compression.ts'
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

t.test('no list is compressed for a caller that disconnects before it arrives', async t => {
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

t.test('a malformed cached playlist is an internal error', async t => {
  const { logger, lines } = recordingLogger()
  const clock = new ManualClock()
  const { app } = createServer(
    { trustProxy: undefined, basePath: '' },
    { clock, logger, observe: () => {} },
  )
  t.teardown(() => app.close())
  acceptAllMethods(app)
  addSchemas(app)
  const broken = {
    playlists: new SerialisedItems([segmentOf(['{'], ',')]),
    spotifyTotal: 1,
    complete: true,
    settled: false,
    membership: '',
    digest: '',
  }
  const cached = { body: new StoredPlaylists(broken, 0, undefined), lifetime: {}, storedAt: 0 }
  const cache = { lookup: () => ({ response: cached }) }
  userPlaylistsRoute(app, {
    cache: cache as never,
    variants: new VariantCache(1_000_000),
    clock,
    publicUrl: undefined,
    cacheScope: 'public',
    fastPath: undefined,
  })
  const response = await app.inject('/users/one/playlists?format=csv')
  t.equal(response.statusCode, 500)
  t.match(response.json(), { type: '/problems/internal-error' })
  t.match(lines(), [{ level: 'error', problem: 'internal-error' }])
})
