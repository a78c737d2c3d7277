import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Component, imageComponents } from './image-components.ts'

// `npm run --silent sbom` prints the image's bill of materials (CycloneDX 1.6, JSON): the packages in the lock
// file, Node and the C libraries. `npm run --silent sbom -- ROOT` takes the Node and C library versions from an
// image's root file system.

interface Bill {
  metadata: { component: Component }
  components: Component[]
  dependencies: { ref: string; dependsOn: string[] }[]
}

/**
 * Returns npm's bill for the runtime dependencies. The script removes the development dependencies first,
 * because `npm sbom --omit=dev` also omits shared runtime dependencies. npm names the bill after the folder.
 */
function packages(): Bill {
  const { devDependencies: _, ...manifest } = JSON.parse(readFileSync('package.json', 'utf8'))
  const scratch = mkdtempSync(join(tmpdir(), 'sbom-'))
  try {
    const cwd = join(scratch, manifest.name)
    mkdirSync(cwd)
    writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest))
    for (const name of ['package-lock.json', '.npmrc']) copyFileSync(name, join(cwd, name))
    const npm = (...args: string[]) =>
      execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
    npm('install', '--package-lock-only', '--offline', '--no-audit')
    const format = ['--sbom-format=cyclonedx', '--sbom-type=application']
    return JSON.parse(npm('sbom', '--package-lock-only', ...format))
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

const bill = packages()
const image = imageComponents(process.argv[2])
const root = bill.metadata.component['bom-ref']
const refs = image.map(component => component['bom-ref'])
const [node = '', ...libraries] = refs
const complete = {
  ...bill,
  // npm writes version 1.5; 1.6 extends it.
  $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
  specVersion: '1.6',
  components: [...bill.components, ...image],
  dependencies: [
    ...bill.dependencies.map(({ ref, dependsOn }) => ({
      ref,
      dependsOn: ref === root ? [...dependsOn, node] : dependsOn,
    })),
    { ref: node, dependsOn: libraries },
    ...libraries.map(ref => ({ ref, dependsOn: [] })),
  ],
}
console.log(JSON.stringify(complete, null, 2))
