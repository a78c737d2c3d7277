import { readFileSync } from 'node:fs'
import t from 'tap'

const read = (path: string) => readFileSync(path, 'utf8')
const manifest = JSON.parse(read('package.json'))
const dockerfile = read('Dockerfile')

t.test('the image is labelled with the package version', async t => {
  t.match(dockerfile, `\nARG VERSION=${manifest.version}\n`)
})

t.test('the build context has every file copied into the image', async t => {
  const ignored = read('.dockerignore').split('\n')
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
    paths.split(' '),
  )
  t.ok(copied.includes('openapi.yaml'))
  t.same(
    copied.filter(path => !ignored.includes(`!${path}`)),
    [],
  )
  t.equal(ignored[0], '*', 'it excludes all other files, such as secrets')
})
