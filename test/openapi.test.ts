import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'

const text = readFileSync('openapi.yaml', 'utf8')

/** All nodes of one kind below a node, such as headers, with their names; no references or parameters. */
function* objectsIn(node: unknown, kind: string): Generator<[name: string, object]> {
  if (typeof node !== 'object' || node === null) return
  for (const [name, below] of Object.entries(node)) {
    if (name === 'parameters') continue
    if (name === kind && !Array.isArray(below)) {
      for (const [key, value] of Object.entries(below as Record<string, object>)) {
        if (!('$ref' in value)) yield [key, value]
      }
    }
    yield* objectsIn(below, kind)
  }
}

for (const kind of ['headers', 'examples', 'responses']) {
  t.test(`openapi.yaml defines each of its ${kind} once`, async t => {
    const all = [...objectsIn(parse(text), kind)].map(entry => JSON.stringify(entry))
    t.ok(all.length > 0)
    t.same(
      all.filter((one, index) => all.indexOf(one) !== index),
      [],
    )
  })
}

t.test('openapi.yaml has no YAML aliases, since some tools cannot read them', async t => {
  t.notMatch(text, /^ *(?:- |\S+: )[&*]a\d+$/m)
})

/** The responses, headers and properties without a description below a node. */
function* bareIn(node: unknown, path: string): Generator<string> {
  if (typeof node !== 'object' || node === null) return
  for (const [name, below] of Object.entries(node)) {
    const where = `${path} ${name}`
    if (['responses', 'headers', 'properties'].includes(name) && !Array.isArray(below)) {
      for (const [key, value] of Object.entries(below as Record<string, object>)) {
        if (!('description' in value || '$ref' in value)) yield `${where} ${key}`
      }
    }
    if (!['example', 'examples'].includes(name)) yield* bareIn(below, where)
  }
}

t.test('every response, header and property in openapi.yaml has a description', async t => {
  const { paths, components } = parse(text)
  t.same([...bareIn({ paths, components }, '')], [])
})
