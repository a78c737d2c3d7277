import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { dirname, join } from 'node:path'
import { createServer } from 'node:tls'
import t, { type Test } from 'tap'
import { freePort } from '../sandbox/free-port.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import { certificate, withoutOpenssl } from '../test/support/certificate.ts'
import { isListening } from '../test/support/is-listening.ts'
import { withoutProgram } from '../test/support/programs.ts'
import { eventually } from '../test/support/valkey.ts'

const PASSWORD = 'canary-of-the-proxy'

/** Starts a server that terminates TLS and forwards to `port`. */
async function startTls(t: Test, port: number, { key, cert }: { key: string; cert: string }) {
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, socket => {
    const inner = connect(port, '127.0.0.1')
    socket.pipe(inner).pipe(socket)
    for (const end of [socket, inner]) end.on('error', () => socket.destroy() && inner.destroy())
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Starts tinyproxy with a required user and password. */
async function startTinyproxy(t: Test, folder: string) {
  const port = await freePort()
  const [configuration, log] = [join(folder, 'tinyproxy.conf'), join(folder, 'tinyproxy.log')]
  writeFileSync(
    configuration,
    `Port ${port}\nListen 127.0.0.1\nTimeout 60\nLogLevel Connect\nLogFile "${log}"\nAllow 127.0.0.1\nBasicAuth operator ${PASSWORD}\n`,
  )
  const child = spawn('tinyproxy', ['-d', '-c', configuration], { stdio: 'ignore' })
  t.teardown(() => child.kill())
  await eventually(() => isListening(port))
  return {
    url: `http://operator:${PASSWORD}@127.0.0.1:${port}`,
    log: () => readFileSync(log, 'utf8'),
  }
}

t.test(
  'the built service reaches Spotify through a proxy, with TLS end to end',
  { skip: withoutProgram('tinyproxy') || withoutOpenssl },
  async t => {
    const files = certificate(t)
    const sandbox = await startSandbox()
    t.teardown(() => sandbox.close())
    const tlsPort = await startTls(t, sandbox.port, files)
    const proxy = await startTinyproxy(t, dirname(files.cert))
    const environment = {
      SPOTIFY_API_URL: `https://localhost:${tlsPort}/v1`,
      SPOTIFY_TOKEN_URL: `https://localhost:${tlsPort}/api/token`,
      NODE_EXTRA_CA_CERTS: files.cert,
      https_proxy: proxy.url,
    }
    const service = await startServiceProcess({ sandbox, environment })
    t.teardown(() => service.stop())
    const response = await fetch(`${service.url}/users/collector/playlists`)
    t.match(await response.json(), { total: 2000, complete: true })
    t.match(proxy.log(), `CONNECT localhost:${tlsPort}`)

    const HTTPS_PROXY = proxy.url.replace(PASSWORD, `wrong-${PASSWORD}`)
    const refused = await startServiceProcess({
      sandbox,
      environment: { ...environment, https_proxy: '', HTTPS_PROXY },
    })
    t.teardown(() => refused.stop())
    const failed = await fetch(`${refused.url}/users/one/playlists`)
    const { detail } = (await failed.json()) as { detail: string }
    t.match(detail, /^The forward proxy .*\(status 40[17]\)/)
    await eventually(() =>
      refused.log.some(line => /"cause_code":"PROXY_STATUS_40[17]"/.test(line)),
    )
    const seen = [detail, ...service.log, ...refused.log].join('\n')
    t.notMatch(seen, PASSWORD)
  },
)
