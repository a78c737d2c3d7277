import t from 'tap'
import { freePort } from '../sandbox/free-port.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import { certificate, withoutOpenssl } from '../test/support/certificate.ts'
import {
  SERVICE,
  startCluster,
  startSentinels,
  withoutCluster,
} from '../test/support/redis-groups.ts'
import { eventually, startOwnRedis, withoutOwnRedis } from '../test/support/valkey.ts'

const PASSWORD = 'canary-of-the-shared-cache'
const DATABASE = 1

t.test(
  'the service only uses a Redis with TLS if it trusts the certificate',
  { skip: withoutOwnRedis || withoutOpenssl },
  async t => {
    const { key, cert } = certificate(t)
    const port = await freePort()
    const redis = await startOwnRedis(
      t,
      ...['--requirepass', PASSWORD, '--tls-port', String(port), '--tls-auth-clients', 'no'],
      ...['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert],
    )
    const sandbox = await startSandbox()
    t.teardown(() => sandbox.close())
    const start = async (variables: Record<string, string> = {}) => {
      const url = `rediss://:${PASSWORD}@localhost:${port}/${DATABASE}`
      const environment = { SHARED_CACHE_URL: url, ...variables }
      const service = await startServiceProcess({ sandbox, environment })
      t.teardown(() => service.stop())
      const ask = (path: string) => fetch(`${service.url}${path}`)
      const state = async () => ((await (await ask('/status')).json()) as Status).shared_cache.state
      return { service, ask, state }
    }
    interface Status {
      shared_cache: { state: string }
    }

    const trusting = await start({ NODE_EXTRA_CA_CERTS: cert })
    t.equal(await trusting.state(), 'connected')
    t.equal((await trusting.ask('/users/smedjan/playlists')).status, 200)
    await redis.client.select(DATABASE)
    // The service stores the list after the response.
    await eventually(async () => (await redis.client.exists('playlist-proxy:entry:smedjan')) === 1)

    const distrusting = await start()
    t.equal(await distrusting.state(), 'degraded')
    t.equal((await distrusting.ask('/users/smedjan/playlists')).status, 200)
    const log = distrusting.service.log.join('\n')
    t.match(log, /"reason":"unreachable","code":"DEPTH_ZERO_SELF_SIGNED_CERT"/)
    t.notMatch([log, ...trusting.service.log].join('\n'), PASSWORD)
  },
)

t.test(
  "with TLS, Sentinel and a cluster use the primary's name from its certificate",
  { skip: withoutCluster || withoutOpenssl },
  async t => {
    const { key, cert } = certificate(t)
    const files = { 'tls-cert-file': cert, 'tls-key-file': key, 'tls-ca-cert-file': cert }
    const tls = { ...files, 'tls-auth-clients': 'no', 'tls-replication': 'yes' }
    const asArguments = (settings: object) =>
      Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
    const ports = await Promise.all([1, 2, 3, 4, 5, 6].map(() => freePort()))
    const [primaryPort, sentinelPort, ...nodePorts] = ports

    const primary = await startOwnRedis(t, ...asArguments({ ...tls, 'tls-port': primaryPort }))
    const settings = { ...tls, 'tls-port': sentinelPort }
    await startSentinels(t, primary, {
      ...{ count: 1, quorum: 1, replicas: 0, monitored: `localhost ${primaryPort}` },
      settings: [
        ...Object.entries(settings).map(([name, value]) => `${name} ${value}`),
        'sentinel resolve-hostnames yes',
        'sentinel announce-hostnames yes',
      ].join('\n'),
    })
    const announced = {
      'cluster-announce-hostname': 'localhost',
      'cluster-preferred-endpoint-type': 'hostname',
    }
    await startCluster(t, 'playlist-proxy', nth =>
      asArguments({ ...tls, 'tls-cluster': 'yes', 'tls-port': nodePorts[nth], ...announced }),
    )
    const sandbox = await startSandbox()
    t.teardown(() => sandbox.close())
    for (const url of [
      `rediss+sentinel://localhost:${sentinelPort}/${SERVICE}`,
      ...nodePorts.slice(0, 3).map(port => `rediss+cluster://localhost:${port}`),
    ]) {
      const environment = { SHARED_CACHE_URL: url, NODE_EXTRA_CA_CERTS: cert }
      const service = await startServiceProcess({ sandbox, environment })
      t.teardown(() => service.stop())
      const status = (await (await fetch(`${service.url}/status`)).json()) as object
      t.match(status, { shared_cache: { state: 'connected' } }, url)
    }
  },
)
