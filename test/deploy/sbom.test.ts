import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import t from 'tap'
import { type Component, imageComponents } from '../../scripts/image-components.ts'
import { withoutProgram } from '../support/programs.ts'

interface Bill {
  specVersion: string
  metadata: { component: Component }
  components: Component[]
  dependencies: { ref: string; dependsOn: string[] }[]
}

const run = promisify(execFile)
const read = (path: string) => readFileSync(path, 'utf8')
const SCHEMAS = 'node_modules/@cyclonedx/cyclonedx-library/res/schema'
const schema = (name: string) => JSON.parse(read(join(SCHEMAS, `${name}.SNAPSHOT.schema.json`)))

/** Validates a bill against the CycloneDX 1.6 JSON schema. */
function faults(bill: unknown): string[] {
  const ajv = new Ajv({ strict: false, allErrors: true })
  ;(addFormats as unknown as { default: (ajv: Ajv) => void }).default(ajv)
  ajv.addFormat('iri-reference', value => URL.canParse(value, 'http://localhost'))
  ajv.addFormat('idn-email', /@/)
  for (const name of ['spdx', 'jsf-0.82']) {
    ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`)
  }
  const validate = ajv.compile(schema('bom-1.6'))
  validate(bill)
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

const sbom = async (...args: string[]): Promise<Bill> =>
  JSON.parse((await run('npm', ['run', '--silent', 'sbom', '--', ...args])).stdout)

/** The image files the bill takes versions from. Node is the binary running this test. */
const rootFilesystem = {
  usr: { local: { bin: { node: t.fixture('symlink', process.execPath) } } },
  etc: { 'os-release': 'ID=debian\nVERSION_ID="12"\n' },
  var: {
    lib: {
      dpkg: {
        'status.d': {
          libc6:
            'Package: libc6\nArchitecture: amd64\nSource: glibc\nVersion: 2.36-9+deb12u13\nDepends: libgcc-s1\n',
          'libstdc++6': 'Package: libstdc++6\nArchitecture: amd64\nVersion: 1:14.2.0-19\n',
        },
      },
    },
  },
}

t.test('npm run sbom prints the runtime dependencies, Node and the C libraries', async t => {
  const bill = await sbom()
  t.same(faults(bill), [])
  t.match(bill, { bomFormat: 'CycloneDX', specVersion: '1.6' })
  const lock = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>
  }
  const shipped = Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
  const { dependencies } = JSON.parse(read('package.json'))
  for (const name of Object.keys(dependencies)) t.ok(shipped.includes(name), name)
  const image = ['node', 'libc6', 'libgcc-s1', 'libstdc++6']
  const names = bill.components.map(({ name }) => name)
  t.same([...new Set(names)].sort(), [...new Set([...shipped, ...image])].sort())
  const [, major] = /^ARG NODE_IMAGE=node:(\d+)/m.exec(read('Dockerfile')) ?? []
  t.equal(bill.components.find(({ name }) => name === 'node')?.version, major)
})

t.test('npm run sbom takes exact versions from an image root file system', async t => {
  const bill = await sbom(t.testdir(rootFilesystem))
  t.same(faults(bill), [])
  const refs = bill.components.map(component => component['bom-ref'])
  const found = (ref: string) => bill.components[refs.indexOf(ref)]
  const version = process.versions.node
  t.match(found('node'), { version, purl: `pkg:generic/node@${version}` })
  t.match(found('libc6'), {
    version: '2.36-9+deb12u13',
    purl: 'pkg:deb/debian/libc6@2.36-9%2Bdeb12u13?arch=amd64&distro=debian-12&upstream=glibc',
  })
  t.match(found('libstdc++6'), {
    purl: 'pkg:deb/debian/libstdc%2B%2B6@1%3A14.2.0-19?arch=amd64&distro=debian-12&upstream=libstdc%2B%2B6',
  })
  t.match(found('operating-system'), { name: 'debian', version: '12' })
  const edges = new Map(bill.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]))
  t.ok(edges.get(bill.metadata.component['bom-ref'])?.includes('node'))
  t.same(edges.get('node'), ['libc6', 'libstdc++6', 'operating-system'])
  t.same(
    [...edges.values()].flat().filter(ref => !refs.includes(ref)),
    [],
    'every dependency is a component',
  )
})

t.test('an incomplete Debian package record is an error', async t => {
  const broken = t.testdir({
    ...rootFilesystem,
    var: { lib: { dpkg: { 'status.d': { libc6: 'Package: libc6\nArchitecture: amd64\n' } } } },
  })
  t.throws(() => imageComponents(broken), {
    message: 'a record of a Debian package has no Version',
  })
})

const skip = withoutProgram('dpkg-query', 'dpkg')
t.test('a real Debian package record has everything the bill needs', { skip }, async t => {
  const record = execFileSync('dpkg-query', ['--status', 'libc6'], { encoding: 'utf8' })
  const root = t.testdir({
    ...rootFilesystem,
    var: { lib: { dpkg: { 'status.d': { libc6: record } } } },
  })
  t.match(imageComponents(root)[1], { name: 'libc6', version: /^\d/, purl: /upstream=glibc$/ })
})

t.test('the bill check finds a component without a type', async t => {
  const bill = { bomFormat: 'CycloneDX', specVersion: '1.6', components: [{ name: 'node' }] }
  t.match(faults(bill), ["/components/0 must have required property 'type'"])
  t.same(faults({ ...bill, components: [] }), [])
})
