import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { withoutProgram } from '../support/programs.ts'
import { type Manifest, typeFaults } from './kubernetes-types.ts'

const FOLDER = 'deploy/kubernetes'
const all = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.yaml'))
  .map(name => join(FOLDER, name))
const kustomizations = all.filter(path => basename(path) === 'kustomization.yaml')
const read = (path: string) => readFileSync(path, 'utf8')
const manifestsIn = (text: string): Manifest[] =>
  parseAllDocuments(text).map(document => document.toJS())

interface Kustomization {
  bases?: string[]
  resources?: string[]
  patchesStrategicMerge?: string[]
}
const kustomization = (path: string) => parse(read(path)) as Kustomization
/** Patches are parts of manifests. */
const patches = kustomizations.flatMap(path =>
  (kustomization(path).patchesStrategicMerge ?? []).map(name => join(dirname(path), name)),
)
const whole = all.filter(path => !kustomizations.includes(path) && !patches.includes(path))
const deployment = manifestsIn(read(`${FOLDER}/base/deployment.yaml`))[0] as Manifest

t.test('Kubernetes knows every member in the manifests', async t => {
  t.ok(whole.length >= 9)
  t.same(typeFaults(...whole.flatMap(path => manifestsIn(read(path)))), [])
})

t.test('the manifest check finds misspelt, missing or wrongly typed members', async t => {
  // biome-ignore lint/suspicious/noExplicitAny: it becomes wrong on purpose
  const changed = (change: (copy: any) => void) => {
    const copy = structuredClone(deployment)
    change(copy)
    return typeFaults(copy)
  }
  t.match(
    changed(({ spec }) => Object.assign(spec.template.spec, { hostname: 1 })),
    [/number/],
  )
  t.match(
    changed(({ spec }) => delete spec.selector),
    [/selector/],
  )
  t.match(
    changed(({ spec }) => Object.assign(spec.template.spec.containers[0], { readynessProbe: {} })),
    [/readynessProbe/],
  )
})

t.test('every manifest belongs to a kustomization', async t => {
  const listed = kustomizations.flatMap(path => {
    const { resources = [], patchesStrategicMerge = [] } = kustomization(path)
    return [...resources, ...patchesStrategicMerge].map(name => join(dirname(path), name))
  })
  t.same(listed.sort(), all.filter(path => !kustomizations.includes(path)).sort())
})

const skip = withoutProgram('kubectl', 'kubernetes-client')
const build = (folder: string) =>
  manifestsIn(
    execFileSync('kubectl', ['kustomize', join(FOLDER, folder)], {
      encoding: 'utf8',
      // Newer versions warn about names that older versions need.
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  )
// biome-ignore lint/suspicious/noExplicitAny: the schema has been checked
const find = (manifests: Manifest[], kind: string, name = 'playlist-proxy'): any =>
  manifests.find(({ kind: own, metadata }) => own === kind && metadata.name === name)

t.test('kubectl builds every kustomization, and Kubernetes knows the result', { skip }, async t => {
  const folders = kustomizations.map(path => dirname(path).slice(FOLDER.length + 1))
  t.same(folders.sort(), ['base', 'ingress', 'monitoring', 'overlays/replicas', 'overlays/single'])
  const built = folders.flatMap(build)
  t.ok(built.length > 15)
  t.same(typeFaults(...built), [])
})

t.test('the single instance keeps its snapshot on a volume', { skip }, async t => {
  const built = build('overlays/single')
  const { spec } = find(built, 'Deployment')
  t.match(spec, { replicas: 1, strategy: { type: 'Recreate' } })
  const [container] = spec.template.spec.containers
  const [snapshot] = container.env.filter((entry: { name: string }) =>
    entry.name.startsWith('CACHE_SNAPSHOT'),
  )
  const mount = container.volumeMounts.find(({ name }: { name: string }) => name === 'data')
  t.equal(dirname(snapshot.value), mount.mountPath)
  t.equal(container.volumeMounts.length, 2, 'one for the data, one for the secrets')
  const claim = find(built, 'PersistentVolumeClaim')
  t.ok(
    spec.template.spec.volumes.some(
      (volume: { persistentVolumeClaim?: { claimName: string } }) =>
        volume.persistentVolumeClaim?.claimName === claim.metadata.name,
    ),
  )
})

t.test('only replicas reach the shared Valkey, and they spread over nodes', { skip }, async t => {
  const built = build('overlays/replicas')
  const { spec } = find(built, 'Deployment')
  const labels = spec.template.metadata.labels
  t.ok(spec.replicas > 1)
  t.match(spec.template.spec.topologySpreadConstraints, [
    { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } },
  ])
  const [container] = spec.template.spec.containers
  const { value } = container.env.find(({ name }: { name: string }) => name === 'SHARED_CACHE_URL')
  const { hostname, port } = new URL(value)
  const service = find(built, 'Service', hostname)
  const valkey = find(built, 'Deployment', hostname).spec.template
  t.equal(service.spec.ports[0].port, Number(port))
  t.same(service.spec.selector, valkey.metadata.labels)
  t.equal(valkey.spec.containers[0].ports[0].containerPort, Number(port))

  const guard = find(built, 'NetworkPolicy', hostname).spec
  t.same(guard.podSelector.matchLabels, valkey.metadata.labels)
  t.same(guard.ingress[0].from, [{ podSelector: { matchLabels: labels } }])
  const { egress } = find(built, 'NetworkPolicy', 'playlist-proxy-to-valkey').spec
  t.same(egress[0].to, [{ podSelector: { matchLabels: valkey.metadata.labels } }])
})
