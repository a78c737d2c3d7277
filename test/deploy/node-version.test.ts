import { readFileSync } from 'node:fs'
import t from 'tap'

const read = (path: string) => readFileSync(path, 'utf8')
t.test('documents and CI agree with package.json about the oldest Node', async t => {
  const { engines } = JSON.parse(read('package.json'))
  const [, oldest = '', major = ''] = /^>=((\d+)\.\d+)$/.exec(engines.node) ?? []
  t.match(read('README.md'), `Node ${oldest} or newer`)
  t.match(read('scripts/build.ts'), `target: 'node${oldest}'`)
  t.match(read('.github/workflows/ci.yml'), `image: node:${major}-`)
})

t.test('CI refuses packages that do not support the oldest Node', async t => {
  t.match(read('.ci/run'), /^npm ci --engine-strict \|\| exit 1$/m)
})
