import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

/** A component in a CycloneDX 1.6 bill of materials, as far as this project fills it in. */
export interface Component {
  'bom-ref': string
  type: 'application' | 'library' | 'operating-system' | 'platform'
  name: string
  version?: string
  purl?: string
  cpe?: string
  description?: string
}

/**
 * Debian packages for the libraries Node is linked with; scripts/image/image.test.ts compares them with the
 * image.
 */
const LIBRARIES = ['libc6', 'libgcc-s1', 'libstdc++6']
const UNKNOWN =
  'The base image decides the version: run this with the root file system of an image.'

const node = (version: string): Component => ({
  'bom-ref': 'node',
  type: 'platform',
  name: 'node',
  version,
  purl: `pkg:generic/node@${version}`,
  cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
})

/** Returns a field's value in a Debian package record. */
const field = (record: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)$`, 'm').exec(record)?.[1]

/** Makes a component from a Debian package record, named as scanners expect (package URL, type deb). */
function debianPackage(record: string, distribution: string): Component {
  const [name, version, architecture] = ['Package', 'Version', 'Architecture'].map(key => {
    const value = field(record, key)
    if (value === undefined) throw new Error(`a record of a Debian package has no ${key}`)
    return value
  }) as [string, string, string]
  const [source = name] = field(record, 'Source')?.split(' ') ?? []
  const origin = new URLSearchParams({ arch: architecture, distro: distribution, upstream: source })
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?${origin}`
  return { 'bom-ref': name, type: 'library', name, version, purl }
}

/**
 * Returns what the image contains besides the service and its packages: Node, the C libraries and their
 * distribution.
 *
 * @param root the root file system of an image for this machine. Without `root`, Node has the major version
 *   from the Dockerfile, and the libraries have no version.
 */
export function imageComponents(root?: string): Component[] {
  if (root === undefined) {
    const dockerfile = readFileSync('Dockerfile', 'utf8')
    const [, major] = /^ARG NODE_IMAGE=node:(\d+)/m.exec(dockerfile) ?? []
    if (major === undefined) throw new Error('the Dockerfile names no version of Node')
    const libraries = LIBRARIES.map(
      (name): Component => ({ 'bom-ref': name, type: 'library', name, description: UNKNOWN }),
    )
    return [{ ...node(major), description: UNKNOWN }, ...libraries]
  }
  const program = join(root, 'usr/local/bin/node')
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim().slice(1)
  const { ID = '', VERSION_ID = '' } = parseEnv(readFileSync(join(root, 'etc/os-release'), 'utf8'))
  const system: Component = {
    'bom-ref': 'operating-system',
    type: 'operating-system',
    name: ID,
    version: VERSION_ID,
  }
  const records = join(root, 'var/lib/dpkg/status.d')
  const packages = readdirSync(records).map(name =>
    debianPackage(readFileSync(join(records, name), 'utf8'), `${ID}-${VERSION_ID}`),
  )
  return [node(version), ...packages, system]
}
