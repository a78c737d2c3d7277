import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { EXAMPLES } from '../../sandbox/users.ts'
import { SECRET_NAMES } from '../../src/config/environment.ts'
import { configSchema } from '../../src/config/schema.ts'

const read = (path: string) => readFileSync(path, 'utf8')
const load = (path: string) => parse(read(path), { merge: true })
const compose = load('docker-compose.yml')
const deployment = load('deploy/kubernetes/base/deployment.yaml')
const pod = deployment.spec.template
const [container] = pod.spec.containers
const service = load('deploy/kubernetes/base/service.yaml')
const scrape = load('deploy/prometheus/prometheus.yml').scrape_configs[0]
const dockerfile = read('Dockerfile')

const defaultOf = (name: string): number => {
  const schemas = configSchema.properties as Record<string, { default?: unknown }>
  return Number(schemas[name]?.default ?? 0)
}
const PORT = defaultOf('PORT')
const known = new Set<string>([
  ...Object.keys(configSchema.properties),
  ...SECRET_NAMES.map(name => `${name}_FILE`),
])

t.test('Compose and Kubernetes set only variables the service reads', async t => {
  const set = [
    ...Object.keys(compose.services['playlist-proxy'].environment),
    ...Object.keys(compose.services.demo.environment),
    ...Object.keys(compose.services['replica-1'].environment),
    ...['single', 'replicas'].flatMap(overlay => {
      const patch = load(`deploy/kubernetes/overlays/${overlay}/deployment.yaml`)
      return patch.spec.template.spec.containers[0].env.map(({ name }: { name: string }) => name)
    }),
    ...container.env.map(({ name }: { name: string }) => name),
  ]
  t.same(
    set.filter(name => !known.has(name)),
    [],
  )
})

t.test('the demo in Compose matches npm run demo', async t => {
  const { demo, sandbox } = compose.services
  t.equal(demo.environment.EXAMPLE_USERS, EXAMPLES.join())
  t.equal(sandbox.environment.SANDBOX_LATENCY_MS, '50')
  t.same(sandbox.ports, [`${sandbox.environment.SANDBOX_PUBLIC_URL.replace('http://', '')}:4100`])
})

t.test(
  'Compose and Kubernetes pass secrets in files, and Git ignores the secrets folder',
  async t => {
    for (const name of ['SPOTIFY_CLIENT_ID', 'SPOTIFY_CLIENT_SECRET']) {
      const { secrets, environment } = compose.services['playlist-proxy']
      t.notOk(name in environment)
      t.ok(secrets.includes(name.toLowerCase()))
      t.equal(environment[`${name}_FILE`], `/run/secrets/${name.toLowerCase()}`)
      const variable = container.env.find(
        (entry: { name: string }) => entry.name === `${name}_FILE`,
      )
      const [mount] = container.volumeMounts
      t.equal(variable.value, `${mount.mountPath}/${name.toLowerCase()}`)
    }
    t.match(read('.gitignore'), /^secrets\/$/m)
  },
)

t.test('the Kubernetes probes request existing routes', async t => {
  const { paths } = load('openapi.yaml')
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    const { path, port } = container[probe].httpGet
    t.ok(path in paths, `${probe} asks for ${path}`)
    t.equal(port, container.ports[0].name)
  }
  t.equal(container.livenessProbe.httpGet.path, '/health/live')
  t.equal(container.readinessProbe.httpGet.path, '/health/ready')
})

t.test('the image, Kubernetes, Compose and Prometheus agree on the port', async t => {
  t.match(dockerfile, `PORT=${PORT}\n`)
  t.match(dockerfile, `\nEXPOSE ${PORT}\n`)
  t.equal(container.ports[0].containerPort, PORT)
  t.equal(service.spec.ports[0].targetPort, container.ports[0].name)
  t.equal(pod.metadata.annotations['prometheus.io/port'], String(PORT))
  t.same(compose.services['playlist-proxy'].ports, [`127.0.0.1:\${PORT:-${PORT}}:${PORT}`])
  t.equal(scrape.dns_sd_configs[0].port, PORT)
})

t.test('Kubernetes and Compose let the service drain before they kill it', async t => {
  type Variables = Record<string, string | number>
  const drainSeconds = ({ SHUTDOWN_TIMEOUT_MS: ms }: Variables) =>
    Number(ms ?? defaultOf('SHUTDOWN_TIMEOUT_MS')) / 1000
  const variables = container.env.map(({ name, value }: Record<string, string>) => [name, value])
  t.ok(pod.spec.terminationGracePeriodSeconds > drainSeconds(Object.fromEntries(variables)))
  for (const name of ['playlist-proxy', 'demo', 'replica-1', 'replica-2']) {
    const { stop_grace_period, environment } = compose.services[name]
    t.ok(Number.parseInt(stop_grace_period, 10) > drainSeconds(environment), name)
  }
})

t.test('Compose runs an init process in front of every service it builds', async t => {
  const built = Object.entries<{ build?: unknown; init?: boolean }>(compose.services).filter(
    ([, { build }]) => build !== undefined,
  )
  t.equal(built.length, 5)
  for (const [name, { init }] of built) t.equal(init, true, name)
})

t.test('the memory limits follow docs/operating.md for the default bound', async t => {
  const mebibytes = (text: string) => Number(/^(\d+)(?:Mi|m)$/.exec(text)?.[1])
  const bound = defaultOf('CACHE_MAX_BYTES') / 1024 ** 2
  const advised = 1.25 * bound + 400
  t.match(read('docs/operating.md'), new RegExp(`\\| ${bound} MiB .*\\| ${advised} MiB \\|`))
  t.ok(mebibytes(container.resources.limits.memory) >= advised)
  t.ok(mebibytes(container.resources.requests.memory) > bound)
  for (const name of ['playlist-proxy', 'demo', 'replica-1', 'replica-2']) {
    t.ok(mebibytes(compose.services[name].mem_limit) >= advised, name)
  }
})

t.test('the image and the systemd unit limit the memory retained by glibc and V8', async t => {
  const unit = read('deploy/systemd/playlist-proxy.service')
  const operating = read('docs/operating.md')
  const limitsIn = (text: string) =>
    [...text.matchAll(/\bMALLOC_\w+=\d+|--max-semi-space-size=\d+/g)].map(String).sort()
  t.equal(limitsIn(dockerfile).length, 4)
  t.same(limitsIn(unit), limitsIn(dockerfile))
  for (const limit of limitsIn(dockerfile)) t.match(operating, `\`${limit}\``)
})

t.test('no Compose service can fill the memory, the disk or the process table', async t => {
  for (const [name, service] of Object.entries<Record<string, unknown>>(compose.services)) {
    t.match(
      service,
      {
        mem_limit: /^\d+[mg]$/,
        pids_limit: Number,
        logging: { options: { 'max-size': /^\d+m$/, 'max-file': /^\d$/ } },
      },
      name,
    )
  }
  const { command, mem_limit } = compose.services.valkey
  const stored = command[command.indexOf('--maxmemory') + 1]
  t.ok(Number.parseInt(mem_limit, 10) > Number.parseInt(stored, 10), 'Valkey evicts in time')
})

t.test('containers have no capabilities and a read-only root file system', async t => {
  t.match(pod.spec, {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  })
  t.match(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  t.match(dockerfile, `USER ${pod.spec.securityContext.runAsUser}:`)
  for (const name of ['playlist-proxy', 'demo', 'sandbox', 'prometheus']) {
    t.match(compose.services[name], { cap_drop: ['ALL'], read_only: true }, name)
  }
})

t.test('Compose builds each image in one way, and waits for healthy dependencies', async t => {
  type Service = { image: string; build?: unknown; healthcheck?: unknown } & {
    depends_on?: Record<string, { condition: string }>
  }
  const services = Object.entries<Service>(compose.services)
  const builds = new Map<string, unknown>()
  for (const [name, { image, build, depends_on = {} }] of services) {
    t.type(image, 'string', name)
    t.same(build, builds.get(image) ?? build, `${name} builds the image as the others do`)
    builds.set(image, build)
    for (const [needed, { condition }] of Object.entries(depends_on)) {
      t.equal(condition, 'service_healthy', `${name} waits for ${needed}`)
      const { image, healthcheck } = compose.services[needed]
      t.ok(healthcheck ?? image === 'playlist-proxy:local', `${needed} has a health check`)
    }
  }
  t.match(dockerfile, /^HEALTHCHECK /m)
})

t.test('Compose publishes ports only to this machine', async t => {
  for (const [name, { ports = [] }] of Object.entries<{ ports?: string[] }>(compose.services)) {
    for (const port of ports) t.match(port, /^127\.0\.0\.1:/, name)
  }
})

t.test('links from the replicas lead to the load balancer', async t => {
  const [port = ''] = compose.services['load-balancer'].ports
  const published = `http://${port.replace(/:\d+$/, '')}`
  for (const name of ['replica-1', 'replica-2']) {
    t.equal(compose.services[name].environment.PUBLIC_URL, published, name)
  }
  t.match(read('docs/operating.md'), `<${published}>`)
})

t.test('nginx overwrites every field about the origin of a request', async t => {
  const set = read('deploy/replicas/nginx.conf').matchAll(/^ *proxy_set_header (\S+) (\S+);$/gm)
  const fields = Object.fromEntries([...set].map(([, name, value]) => [name, value]))
  t.match(fields, {
    Host: '$http_host',
    'X-Forwarded-For': '$remote_addr',
    'X-Forwarded-Proto': '$scheme',
    'X-Forwarded-Host': '$http_host',
    Forwarded: "''",
  })
})

t.test('the Kubernetes selectors match the pod', async t => {
  const budget = load('deploy/kubernetes/overlays/replicas/pod-disruption-budget.yaml')
  const policy = load('deploy/kubernetes/base/network-policy.yaml')
  const monitor = load('deploy/kubernetes/monitoring/pod-monitor.yaml')
  for (const selector of [
    deployment.spec.selector.matchLabels,
    service.spec.selector,
    budget.spec.selector.matchLabels,
    policy.spec.podSelector.matchLabels,
    monitor.spec.selector.matchLabels,
  ]) {
    t.same(selector, pod.metadata.labels)
  }
  t.equal(policy.spec.ingress[0].ports[0].port, container.ports[0].name)
  t.match(monitor.spec.podMetricsEndpoints, [{ port: container.ports[0].name, path: '/metrics' }])
})

t.test('docs/operating.md has a row for each /status diagnosis, and no other rows', async t => {
  const { paths } = load('openapi.yaml')
  const { schema } = paths['/status'].get.responses['200'].content['application/json']
  const { description } = schema.properties.spotify.properties.diagnosis
  const names = [...description.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name)
  t.ok(names.includes('endpoint-forbidden'))
  const text = read('docs/operating.md')
  const table = text.slice(text.indexOf('\n| diagnosis |'), text.indexOf('\n## Alerts'))
  const rows = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name)
  t.same(rows.sort(), names.sort())
})

t.test('Prometheus finds the service, the demo and the replicas under one name', async t => {
  const [name] = scrape.dns_sd_configs[0].names
  t.ok(name in compose.services)
  for (const other of ['demo', 'replica-1', 'replica-2']) {
    t.same(compose.services[other].networks.default.aliases, [name], other)
  }
})

t.test('Grafana finds the dashboard and Prometheus', async t => {
  const [provider] = load('deploy/grafana/provisioning/dashboards/playlist-proxy.yml').providers
  const [source] = load('deploy/grafana/provisioning/datasources/prometheus.yml').datasources
  const { volumes } = compose.services.grafana
  t.ok(volumes.includes(`./deploy/grafana/dashboards:${provider.options.path}:ro`))
  t.ok(new URL(source.url).hostname in compose.services)
})
