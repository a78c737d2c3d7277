import { readFileSync } from 'node:fs'
import t from 'tap'

const read = (path: string) => readFileSync(path, 'utf8')
const [, recommended = ''] = /^ARG NODE_IMAGE=node:(\d+)-slim$/m.exec(read('Dockerfile')) ?? []

t.test('every file that recommends a Node version matches the image', async t => {
  const named: Record<string, RegExp[]> = {
    Dockerfile: [/node:(\d+)-slim/g],
    '.ci/run': [/Node (\d+)/g, /node(\d+)/g, /"\$node\d+@(\d+)"/g, /on-node-(\d+)/g],
    '.gitignore': [/^\.ci\/node(\d+)\/$/gm],
    '.github/workflows/release.yml': [/node-version: (\d+)/g],
    'scripts/image/try.sh': [/node:(\d+)-slim/g, /node(\d+)/g, /"\$node\d+@(\d+)"/g],
    'README.md': [/recommend Node (\d+)/g],
    'docs/operating.md': [/Node (\d+) is recommended/g],
  }
  for (const [path, patterns] of Object.entries(named)) {
    for (const pattern of patterns) {
      const found = [...read(path).matchAll(pattern)].map(([, version]) => version)
      t.ok(found.length > 0, `${path} ${pattern}`)
      t.same([...new Set(found)], [recommended], `${path} ${pattern}`)
    }
  }
})

t.test('documents and CI agree with package.json about the oldest Node', async t => {
  const { engines } = JSON.parse(read('package.json'))
  const [, oldest = '', major = ''] = /^>=((\d+)\.\d+)$/.exec(engines.node) ?? []
  t.match(read('README.md'), `Node ${oldest} or newer`)
  t.match(read('scripts/build.ts'), `target: 'node${oldest}'`)
  t.match(read('.github/workflows/ci.yml'), `image: node:${major}-`)
})

t.test('CI refuses packages without support for the oldest Node', async t => {
  t.match(read('.ci/run'), /^npm ci --engine-strict \|\| exit 1$/m)
})
