import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// `npm run sbom` prints a bill of materials (CycloneDX) of the image, from the lock file. It removes the
// development dependencies first, because `npm sbom --omit=dev` also omits runtime dependencies that they
// share. npm names the bill after the folder.
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
