import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// `npm run sbom`: a bill of materials (CycloneDX) of what the image ships, from the lock file.
// `npm sbom --omit=dev` also leaves out every runtime dependency that some development dependency
// needs as well, so the bill is made of a manifest and a lock file that have none. npm calls the
// bill after the folder.
const { devDependencies: _, ...manifest } = JSON.parse(readFileSync('package.json', 'utf8'))
const scratch = mkdtempSync(join(tmpdir(), 'sbom-'))
try {
  const cwd = join(scratch, manifest.name)
  mkdirSync(cwd)
  writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest))
  for (const name of ['package-lock.json', '.npmrc']) copyFileSync(name, join(cwd, name))
  const npm = (args: string[], stdout: 'ignore' | 'inherit') =>
    execFileSync('npm', args, { cwd, stdio: ['ignore', stdout, 'inherit'] })
  npm(['install', '--package-lock-only', '--offline', '--no-audit'], 'ignore')
  npm(
    ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'],
    'inherit',
  )
} finally {
  rmSync(scratch, { recursive: true })
}
