import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

/** The src folders, from top to bottom. The entry points in src itself are above all folders. */
const LAYERS = [
  'monitoring',
  'replicas',
  'tracing',
  'http/routes',
  'http/openapi',
  'http/representation',
  'http',
  'http/pages',
  'links',
  'spotify',
  'spotify/gate',
  'playlists',
  'cache',
  'user-id',
  'problems',
  'config',
  'lib',
]

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => {
    const text = readFileSync(join('src', name), 'utf8')
    const imports = [...text.matchAll(/(?:from |import\()'([^']+)'/g)].map(([, path = '']) => path)
    const own = imports
      .filter(path => path.startsWith('.') && path.endsWith('.ts'))
      .map(path => normalize(join(dirname(name), path)))
    return { name, folder: dirname(name), text, imports, own }
  })

t.test('LAYERS lists every folder of src, and at most four files are in src itself', async t => {
  const folders = new Set(files.map(({ folder }) => folder))
  t.same([...folders].sort(), ['.', ...LAYERS].sort())
  t.ok(files.filter(({ folder }) => folder === '.').length <= 4)
})

t.test('a file imports only from the same folder and from lower folders', async t => {
  const heightOf = (name: string) => -LAYERS.indexOf(dirname(name))
  for (const { name, folder, own } of files.filter(({ folder }) => folder !== '.')) {
    const upward = own.filter(path => {
      return dirname(path) !== folder && (dirname(path) === '.' || heightOf(path) > heightOf(name))
    })
    t.same(upward, [], name)
  }
})

t.test('src has no import cycles', async t => {
  const left = new Map(files.map(({ name, own }) => [name, own]))
  // A file without imports in `left` is in no cycle.
  for (let before = -1; before !== left.size; ) {
    before = left.size
    for (const [name, own] of left) if (!own.some(path => left.has(path))) left.delete(name)
  }
  t.same([...left.keys()], [])
})

t.test('only a few folders import Fastify, undici or the Redis client', async t => {
  for (const { name, imports } of files) {
    if (!/^(?:http\/|tracing\/|app|config\/load)/.test(name))
      t.notOk(imports.includes('fastify'), name)
    if (!name.startsWith('spotify/')) t.notOk(imports.includes('undici'), name)
    if (!name.startsWith('replicas/')) t.notOk(imports.includes('iovalkey'), name)
  }
})

t.test('only links/ imports the packages for linked accounts', async t => {
  for (const { name, imports } of files.filter(({ folder }) => folder !== 'links')) {
    t.notOk(imports.includes('jose') || imports.includes('oauth4webapi'), name)
  }
})

t.test('only one dynamic import loads OpenTelemetry', async t => {
  const importers = files.filter(({ imports }) =>
    imports.some(path => /^@opentelemetry\/|^@fastify\/otel$/.test(path)),
  )
  const names = new Set(importers.map(({ name }) => name))
  const entry = 'tracing/open-telemetry.ts'
  t.ok(names.has(entry))
  for (const { name, own } of files.filter(({ name }) => !names.has(name))) {
    const loads = own.filter(path => names.has(path))
    t.same(loads, name === 'tracing/prepare.ts' ? [entry] : [], name)
  }
  const dynamic = files.filter(({ text }) => text.includes("import('./open-telemetry.ts')"))
  t.same(
    dynamic.map(({ name }) => name),
    ['tracing/prepare.ts'],
  )
})

t.test('only entry points read the time and the environment', async t => {
  const outside = files.filter(({ name }) => !['start.ts', 'healthcheck.ts'].includes(name))
  for (const { name, text } of outside) {
    t.notMatch(text, /\b(?:Date\.now|performance\.now|setTimeout|setInterval|process\.env)\b/, name)
  }
})
