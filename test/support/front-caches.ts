import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from '../../sandbox/free-port.ts'
import { isListening } from './is-listening.ts'
import { withoutProgram } from './programs.ts'
import { eventually } from './valkey.ts'

type T = Pick<Test, 'teardown' | 'testdir'>

/** A cache in front of the service, with the settings from deploy/caches. */
export interface FrontCache {
  /** Cache name in `Cache-Status`. */
  readonly name: string
  /** The reason to skip the cache's tests; false if it is installed. */
  readonly without: string | false
  /** Whether the cache uses `stale-if-error`. */
  readonly usesStaleIfError: boolean
  /** Starts the cache in front of the service on `servicePort`; resolves with the URL once it listens. */
  start(t: T, servicePort: number): Promise<string>
}

const SERVICE_PORT = '3000'

export const frontCaches: readonly FrontCache[] = [
  {
    name: 'nginx',
    without: withoutProgram('nginx'),
    usesStaleIfError: true,
    start: (t, servicePort) =>
      start(t, (folder, port) => {
        const settings = replaced(readFileSync('deploy/caches/nginx.conf', 'utf8'), {
          '/var/cache/nginx/playlist-proxy': join(folder, 'cache'),
          [`127.0.0.1:${SERVICE_PORT}`]: `127.0.0.1:${servicePort}`,
          'listen 80;': `listen 127.0.0.1:${port};`,
        })
        const paths = ['client_body', 'proxy', 'fastcgi', 'scgi', 'uwsgi']
          .map(kind => `${kind}_temp_path ${join(folder, kind)};`)
          .join(' ')
        const main = `daemon off; master_process off; pid ${join(folder, 'pid')}; error_log stderr;
          events {} http { access_log off; ${paths} ${settings} }`
        writeFileSync(join(folder, 'nginx.conf'), main)
        return spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder, '-e', 'stderr'])
      }),
  },
  {
    name: 'varnish',
    without: withoutProgram('varnishd', 'varnish'),
    usesStaleIfError: false,
    start: (t, servicePort) =>
      start(t, (folder, port) => {
        const settings = replaced(readFileSync('deploy/caches/varnish.vcl', 'utf8'), {
          [`.port = "${SERVICE_PORT}"`]: `.port = "${servicePort}"`,
        })
        const file = join(folder, 'varnish.vcl')
        writeFileSync(file, settings)
        const jail = process.getuid?.() === 0 ? ['-j', 'none'] : []
        const address = ['-a', `127.0.0.1:${port}`, '-n', join(folder, 'varnish')]
        return spawn('varnishd', [...jail, ...address, '-F', '-f', file, '-s', 'malloc,64m'])
      }),
  },
]

async function start(t: T, run: (folder: string, port: number) => ChildProcess): Promise<string> {
  const folder = join(t.testdir({}), 'front-cache')
  mkdirSync(folder)
  const port = await freePort()
  const child = run(folder, port)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', text => {
      output += text
    })
  }
  t.teardown(async () => {
    if (child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill()
    await ended
  })
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(output)
    return isListening(port)
  })
  return `http://127.0.0.1:${port}`
}

/** Replaces settings unsuitable for tests; throws if any are missing. */
function replaced(settings: string, changes: Record<string, string>): string {
  return Object.entries(changes).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the settings lack ${from}`)
    return text.replaceAll(from, to)
  }, settings)
}
