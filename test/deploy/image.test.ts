import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'

const run = promisify(execFile)
const read = (path: string) => readFileSync(path, 'utf8')
const manifest = JSON.parse(read('package.json'))
const dockerfile = read('Dockerfile')

t.test('the image is labelled with the version of the package', async t => {
  t.match(dockerfile, `\nARG VERSION=${manifest.version}\n`)
})

t.test('what the image copies is let into its build', async t => {
  const ignored = read('.dockerignore').split('\n')
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
    paths.split(' '),
  )
  t.ok(copied.includes('openapi.yaml'))
  t.same(
    copied.filter(path => !ignored.includes(`!${path}`)),
    [],
  )
  t.equal(ignored[0], '*', 'and nothing else, so that no secret gets in')
})

t.test('npm run sbom lists what the image ships: runtime dependencies, no others', async t => {
  const { stdout } = await run('npm', ['run', '--silent', 'sbom'])
  const bill = JSON.parse(stdout) as { bomFormat: string; components: { name: string }[] }
  t.equal(bill.bomFormat, 'CycloneDX')
  const names = bill.components.map(({ name }) => name)
  for (const name of Object.keys(manifest.dependencies)) t.ok(names.includes(name), name)
  const lock = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>
  }
  const shipped = Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
  t.same([...new Set(names)].sort(), [...new Set(shipped)].sort())
})
