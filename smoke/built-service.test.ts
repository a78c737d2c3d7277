import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { endUnderLoad } from '../faults/drains.ts'
import { Stats } from '../faults/stats.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { spawnService, startServiceProcess } from '../sandbox/service-process.ts'

t.test(
  'the built service serves lists, survives a Spotify outage, and stops on a signal',
  async t => {
    const sandbox = await startSandbox()
    t.teardown(() => sandbox.close())
    const service = await startServiceProcess({ sandbox })
    const list = (path: string, headers = {}) => fetch(`${service.url}/users/${path}`, { headers })

    const whole = (await (await list('collector/playlists')).json()) as { items: unknown[] }
    t.equal(whole.items.length, 2000)
    const pages = sandbox.requests.filter(({ kind }) => kind === 'api')
    t.equal(pages.length, 40)
    t.ok(pages.every(({ path }) => path.includes('limit=50&')))
    t.equal(sandbox.count('token'), 1)

    sandbox.fault({ on: 'api', answer: 'unavailable-html' })
    const text = await list('collector/playlists', { accept: 'text/plain' })
    t.equal(text.status, 200)
    t.equal((await text.text()).split('\n').length, 2001)
    t.equal(sandbox.count('api'), 40, 'neither response cost a request')
    t.equal((await list('smedjan/playlists')).status, 503)

    t.equal((await fetch(`${service.url}/health/live`)).status, 200)
    t.equal((await fetch(`${service.url}/health/ready`)).status, 200)
    t.equal(await service.stop(), 0)
  },
)

t.test('two processes and a restarted process give a list the same entity tags', async t => {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  const origin = { PUBLIC_URL: 'http://lists.example' }
  const tags = async () => {
    const service = await startServiceProcess({ sandbox, environment: origin })
    const seen: unknown[] = []
    for (const path of ['/users/smedjan/playlists', '/v1/users/smedjan/playlists?limit=50']) {
      for (const coding of ['identity', 'gzip', 'br']) {
        const { headers } = await fetch(service.url + path, {
          headers: { 'accept-encoding': coding },
        })
        seen.push([headers.get('content-encoding'), headers.get('etag')])
      }
    }
    return { service, seen }
  }
  const [one, other] = [await tags(), await tags()]
  t.same(one.seen, other.seen)
  t.equal(new Set(one.seen.map(String)).size, 6)
  await one.service.stop()
  const again = await tags()
  t.same(again.seen, one.seen)
  await Promise.all([other.service.stop(), again.service.stop()])
})

t.test('after a restart with a snapshot, cached users cost no requests', async t => {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  const environment = {
    CACHE_SNAPSHOT_FILE: join(t.testdir({}), 'cache.snapshot'),
    PUBLIC_URL: 'http://lists.example',
  }
  const users = ['smedjan', 'collector', 'one']
  const tags = async (url: string) => {
    const responses = await Promise.all(users.map(user => fetch(`${url}/users/${user}/playlists`)))
    return responses.map(({ headers }) => headers.get('etag'))
  }
  const first = await startServiceProcess({ sandbox, environment })
  const before = await tags(first.url)
  t.equal(await first.stop(), 0)
  const spent = sandbox.count('api')
  const second = await startServiceProcess({ sandbox, environment })
  t.same(await tags(second.url), before)
  t.equal(sandbox.count('api'), spent)
  second.child.kill('SIGKILL')
  await once(second.child, 'exit')
  const third = await startServiceProcess({ sandbox, environment })
  t.same(await tags(third.url), before)
  t.equal(sandbox.count('api'), spent, 'after SIGKILL too')
  t.equal(await third.stop(), 0)
})

t.test(
  'a shutdown under 500 requests per second loses no request, with idle connections open',
  async t => {
    for (let round = 0; round < 5; round++) {
      const stats = new Stats()
      t.match(await endUnderLoad(stats), { exitCode: 0, lost: [], longRequestStatus: 200 })
      t.ok(stats.responses.length > 100 && stats.responses.every(({ status }) => status === 200))
    }
  },
)

t.test('the built service reports missing variables and exits', async t => {
  const sandbox = { apiUrl: '', tokenUrl: '', clientId: '', clientSecret: '' }
  const child = spawnService({ sandbox, stderr: 'pipe' })
  const message = text(child.stderr as NodeJS.ReadableStream)
  t.same(await once(child, 'exit'), [1, null])
  t.match(await message, /SPOTIFY_CLIENT_ID: missing[\s\S]*SPOTIFY_CLIENT_SECRET: missing/)
})
