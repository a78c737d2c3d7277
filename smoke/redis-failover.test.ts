import t, { type Test } from 'tap'
import { startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import {
  addressOf,
  SERVICE,
  startCluster,
  startPair,
  startSentinels,
  withoutCluster,
} from '../test/support/redis-groups.ts'
import { eventually, type OwnRedisServer } from '../test/support/valkey.ts'

const groups: [string, (t: Test) => Promise<{ url: string; primary: OwnRedisServer }>][] = [
  [
    'Sentinel',
    async t => {
      const { primary } = await startPair(t)
      const sentinels = await startSentinels(t, primary, { count: 3, quorum: 2, replicas: 1 })
      const hosts = sentinels.map(({ address }) => address)
      return { url: `redis+sentinel://${hosts}/${SERVICE}`, primary }
    },
  ],
  [
    'a cluster',
    async t => {
      const { owner, others } = await startCluster(t, 'playlist-proxy')
      return { url: `redis+cluster://${[owner, ...others].map(addressOf)}`, primary: owner }
    },
  ],
]

for (const [name, start] of groups) {
  t.test(
    `after a failover of ${name}, replicas share lists again, and callers see no errors`,
    { skip: withoutCluster },
    async t => {
      const { url, primary } = await start(t)
      const sandbox = await startSandbox()
      t.teardown(() => sandbox.close())
      const replicas = await Promise.all(
        [1, 2].map(() => startServiceProcess({ sandbox, environment: { SHARED_CACHE_URL: url } })),
      )
      t.teardown(() => Promise.all(replicas.map(replica => replica.stop())))
      const statuses = new Set<number>()
      const fetchAll = (path: string) =>
        Promise.all(
          replicas.map(async replica => {
            const response = await fetch(`${replica.url}${path}`)
            statuses.add(response.status)
            return (await response.json()) as { shared_cache: { state: string } }
          }),
        )
      const lookup = (user: string) => fetchAll(`/users/${user}/playlists`)
      const areAll = (state: string) => async () =>
        (await fetchAll('/status')).every(({ shared_cache }) => shared_cache.state === state)

      t.ok(await areAll('connected')())
      await lookup('fifty')
      t.equal(sandbox.count('api'), 1)
      await primary.kill()
      let nth = 0
      await eventually(areAll('degraded'), async () => void (await lookup(`user${nth++}`)))
      await eventually(areAll('connected'), async () => void (await lookup(`user${nth++}`)))
      sandbox.clear()
      await lookup('one')
      t.equal(sandbox.count('api'), 1)
      t.same([...statuses], [200])
    },
  )
}
