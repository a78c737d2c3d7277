import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { SECRET_NAMES } from '../src/config/environment.ts'
import { configSchema } from '../src/config/schema.ts'
import { problems } from '../src/problems/problem.ts'
import { anchors } from './support/anchors.ts'

const read = (path: string) => readFileSync(path, 'utf8')
const documents = [...readdirSync('.'), ...readdirSync('docs').map(name => `docs/${name}`)].filter(
  name => name.endsWith('.md'),
)
const architecture = read('ARCHITECTURE.md')

const variables = Object.entries(configSchema.properties).map(([name, schema]) => {
  const { default: fallback } = schema as { default?: string | number }
  const isRequired = fallback === undefined && configSchema.required.includes(name as never)
  return { name, fallback, isRequired }
})

t.test(
  'docs/configuration.md and .env.example list exactly the variables, with their defaults',
  async t => {
    const configuration = read('docs/configuration.md')
    const example = read('.env.example')
    for (const { name, fallback, isRequired } of variables) {
      const shown = fallback === undefined ? (isRequired ? 'required' : 'none') : `\`${fallback}\``
      t.match(configuration, `| \`${name}\` | ${shown} |`)
      t.match(example, isRequired ? `\n${name}=\n` : `\n#${name}=${fallback ?? ''}\n`)
    }
    for (const name of SECRET_NAMES) t.match(configuration, `\`${name}\``)
    const known = new Set([
      ...variables.map(({ name }) => name),
      ...SECRET_NAMES.map(n => `${n}_FILE`),
    ])
    const named = [
      ...[...configuration.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name),
      ...[...example.matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name),
    ]
    t.same(
      named.filter(name => !known.has(String(name))),
      [],
    )
  },
)

t.test('docs/problems.md lists every problem with its status', async t => {
  const table = read('docs/problems.md')
  for (const [type, { status }] of Object.entries(problems)) {
    t.match(table, `\n| \`${type}\` | ${status} | `, type)
  }
})

t.test('ARCHITECTURE.md has one row for every folder and every runtime dependency', async t => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  const folders = new Set(
    files.filter(name => name.endsWith('.ts')).map(name => join('src', dirname(name), '/')),
  )
  const rows = [...architecture.matchAll(/^\| `(src\/[^`]*)` \|/gm)].map(([, path]) => path)
  t.same(rows.sort(), [...folders].sort())
  for (const [, path = ''] of architecture.matchAll(/`((?:src|docs|test|deploy|bench)\/[^`]+)`/g)) {
    t.ok(existsSync(path), `${path} exists`)
  }
  const { dependencies } = JSON.parse(read('package.json'))
  const table = architecture.slice(architecture.indexOf('## Runtime dependencies'))
  const listed = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name)
  t.same(listed.sort(), Object.keys(dependencies).sort())
})

t.test('the documentation mentions only existing npm scripts', async t => {
  const { scripts } = JSON.parse(read('package.json'))
  for (const path of documents) {
    for (const [line, name = ''] of read(path).matchAll(/npm run ([a-z]+)/g)) {
      t.ok(name in scripts, `${path}: ${line}`)
    }
  }
})

t.test('all relative links in the docs lead to an existing file and heading', async t => {
  for (const path of documents) {
    for (const [link, file = '', anchor] of read(path).matchAll(
      /\]\((?!https?:)([^)#]*)#?([^)]*)\)/g,
    )) {
      const target = file === '' ? path : join(dirname(path), file)
      t.ok(existsSync(target), `${path}: ${link}`)
      if (anchor) t.ok(anchors(target).includes(anchor), `${path}: ${link}`)
    }
  }
})
