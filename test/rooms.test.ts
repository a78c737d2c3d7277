import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => {
    const text = readFileSync(join('src', name), 'utf8')
    const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, specifier = '']) => specifier)
    return { name, text, imports }
  })

/** What a file imports of ours, relative to src. */
const own = ({ name, imports }: { name: string; imports: string[] }) =>
  imports.filter(path => path.startsWith('.')).map(path => normalize(join(dirname(name), path)))

t.test('there are rooms to check', async t => {
  t.ok(files.length > 30)
  t.ok(files.some(file => own(file).includes('cache/freshness.ts')))
})

t.test('requests flow one way: no room knows the one before it', async t => {
  const forbidden = [
    { room: 'cache/', others: ['http/', 'spotify/', 'shared/'] },
    { room: 'spotify/', others: ['http/', 'cache/', 'shared/'] },
    { room: 'http/', others: ['shared/'] },
    { room: 'shared/', others: ['http/'] },
  ]
  for (const { room, others } of forbidden) {
    for (const file of files.filter(({ name }) => name.startsWith(room))) {
      const wrong = own(file).filter(path => others.some(other => path.startsWith(other)))
      t.same(wrong, [], file.name)
    }
  }
})

t.test(
  'only the http room and the wiring know Fastify, the Spotify room undici, the shared room Redis',
  async t => {
    for (const { name, imports } of files) {
      if (!/^(?:http\/|app|load-config)/.test(name)) t.notOk(imports.includes('fastify'), name)
      if (!name.startsWith('spotify/')) t.notOk(imports.includes('undici'), name)
      if (!name.startsWith('shared/')) t.notOk(imports.includes('iovalkey'), name)
    }
  },
)

t.test('OpenTelemetry is behind one dynamic import', async t => {
  const knows = files.filter(({ imports }) =>
    imports.some(path => /^@opentelemetry\/|^@fastify\/otel$/.test(path)),
  )
  const behind = new Set(knows.map(({ name }) => name))
  t.ok(behind.has('tracing/open-telemetry.ts'))
  for (const file of files.filter(({ name }) => !behind.has(name))) {
    const before = own(file).filter(path => behind.has(path))
    t.same(before, [], `${file.name} would load it`)
  }
  const dynamic = files.filter(({ text }) => text.includes("import('./tracing/open-telemetry.ts')"))
  t.same(
    dynamic.map(({ name }) => name),
    ['tracing.ts'],
  )
})

t.test('time and the environment come in through the entry points', async t => {
  const outside = files.filter(({ name }) => !['start.ts', 'healthcheck.ts'].includes(name))
  for (const { name, text } of outside) {
    t.notMatch(text, /\b(?:Date\.now|performance\.now|setTimeout|setInterval|process\.env)\b/, name)
  }
})
