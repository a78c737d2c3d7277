import { spawnSync } from 'node:child_process'

/** The reason to skip a test that needs this program from this Debian package; false if installed. */
export function withoutProgram(program: string, debianPackage = program): string | false {
  const { status } = spawnSync('sh', ['-c', `command -v ${program}`])
  return status === 0 ? false : `needs ${program} (Debian has it in the package ${debianPackage})`
}
