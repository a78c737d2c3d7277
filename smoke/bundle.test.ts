import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { startSandbox } from '../sandbox/sandbox.ts'
import { type ServiceProcess, startServiceProcess } from '../sandbox/service-process.ts'
import { startReceiver } from '../test/support/otlp-receiver.ts'

const run = promisify(execFile)

/** Copies the image files to a folder without packages in reach. */
function shipped(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'shipped-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  for (const name of ['dist', 'package.json', 'openapi.yaml']) {
    cpSync(name, join(folder, name), { recursive: true })
  }
  return folder
}

async function start(t: Test, folder: string, environment: Record<string, string> = {}) {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  const service = await startServiceProcess({
    sandbox,
    nodeArguments: [join(folder, 'dist/server.js')],
    environment,
  })
  t.teardown(() => service.stop('SIGKILL'))
  return service
}

async function text({ url }: ServiceProcess, path: string): Promise<string> {
  const response = await fetch(url + path)
  if (response.status !== 200) throw new Error(`${path} returned ${response.status}`)
  return response.text()
}

t.test('the bundle runs without packages', async t => {
  const folder = shipped(t)
  const service = await start(t, folder)
  t.match(JSON.parse(await text(service, '/users/smedjan/playlists')), { complete: true })
  const page = await text(service, '/docs')
  const links = [...page.matchAll(/(?:src|href)="([^":]+)"/g)].map(([, link]) => String(link))
  t.ok(links.length > 3, 'the page loads files')
  for (const link of links) t.ok(await text(service, new URL(link, `${service.url}/docs`).pathname))
  t.match(await text(service, '/openapi.yaml'), /^openapi: /)
  t.match(await text(service, '/metrics'), 'playlist_proxy_build_info')
  const { port } = new URL(service.url)
  const env = { ...process.env, PORT: port }
  await run(process.execPath, [join(folder, 'dist/healthcheck.js')], { env })
  t.equal(await service.stop(), 0)
})

t.test('code loaded on demand runs without packages', async t => {
  const receiver = await startReceiver()
  t.teardown(() => receiver.close())
  const service = await start(t, shipped(t), {
    SHARED_CACHE_URL: 'redis://127.0.0.1:1',
    OTEL_TRACES_EXPORTER: 'console,otlp',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces`,
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
  })
  t.match(JSON.parse(await text(service, '/users/smedjan/playlists')), { complete: true })
  t.match(JSON.parse(await text(service, '/status')), { shared_cache: { state: 'degraded' } })
  t.equal(await service.stop(), 0)
  t.ok(
    service.log.some(line => /traceId/.test(line)),
    'the span is written',
  )
  t.ok(receiver.posts.length > 0, 'the span is sent')
})

t.test('LICENCES.txt lists every package in the bundle', async t => {
  const licences = readFileSync('dist/LICENCES.txt', 'utf8')
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  for (const name of Object.keys(dependencies)) {
    t.match(licences, new RegExp(`^${name} \\d+\\.\\S+ \\(.+\\)$`, 'm'), name)
  }
  t.match(licences, /^find-my-way .* \(MIT\)\n\nMIT License/m, 'it contains licence texts')
  t.match(licences, 'SmartBear', 'it covers the scripts of the API reference')
  t.match(licences, 'Forrest L Norvell', 'it covers code that these scripts bundle')
})
