import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { withoutProgram } from './programs.ts'

export const withoutOpenssl = withoutProgram('openssl')

/** Creates a key and a self-signed certificate for `localhost`, and returns both file paths. */
export function certificate(t: Test) {
  const dir = mkdtempSync(join(tmpdir(), 'playlist-proxy-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
  const { status } = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert],
    ...['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
  ])
  t.equal(status, 0, 'openssl creates the certificate')
  return { key, cert }
}
