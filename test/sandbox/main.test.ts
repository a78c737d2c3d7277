import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { optionsFrom } from '../../sandbox/options.ts'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { loaderArguments } from '../support/loader-arguments.ts'

/** Runs the entry point in a separate process; execArgv contains the loader and coverage. */
function runMain(t: Test, variables: Record<string, string>) {
  const child = spawn(process.execPath, [...loaderArguments, 'sandbox/main.ts'], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const exited = once(child, 'close')
  return { child, exited, stderr: text(child.stderr) }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`the process prints its URLs, and exits with code 0 on ${signal}`, async t => {
    const { child, exited } = runMain(t, {
      SANDBOX_PORT: '0',
      SANDBOX_LATENCY_MS: '5',
      SANDBOX_CLIENT_ID: 'demo-app',
    })
    let greeting = ''
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      greeting += chunk
      if (/DELETE/.test(greeting)) break
    }
    const [, control = ''] = /state +curl (\S+)/.exec(greeting) ?? []
    t.match(greeting, /SPOTIFY_CLIENT_ID=demo-app SPOTIFY_CLIENT_SECRET=/)
    t.match(await (await fetch(control)).json(), { latency_ms: 5 })
    child.kill(signal)
    t.same(await exited, [0, null])
  })
}

t.test('an invalid variable causes an error message and exit code 1', async t => {
  const { exited, stderr } = runMain(t, { SANDBOX_PORT: '80o', SANDBOX_LATENCY_MS: '-1' })
  t.same(await exited, [1, null])
  t.match(await stderr, /^The sandbox did not start: SANDBOX_PORT must be .*; SANDBOX_LATENCY_MS/m)
})

t.test('a port in use causes exit code 1', async t => {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  const { exited, stderr } = runMain(t, { SANDBOX_PORT: String(sandbox.port) })
  t.same(await exited, [1, null])
  t.match(await stderr, /^The sandbox did not start: .*EADDRINUSE.*:\d+/m)
})

t.test('options come from the environment or have defaults', async t => {
  t.same(optionsFrom({ SANDBOX_PORT: '' }), {
    host: '127.0.0.1',
    port: 4100,
    latencyMs: 0,
    clientId: 'sandbox-client',
    clientSecret: 'sandbox-secret',
    switches: { mode: 'extended', redirectUris: [] },
  })
  t.match(
    optionsFrom({
      SANDBOX_HOST: '0.0.0.0',
      SANDBOX_PORT: '65535',
      SANDBOX_LATENCY_MS: '600000',
      SANDBOX_CLIENT_SECRET: 'other',
      SANDBOX_PUBLIC_URL: 'http://localhost:4100/',
      SANDBOX_MODE: 'development',
      SANDBOX_REDIRECT_URIS: 'http://127.0.0.1:3000/a, https://example.com/b',
    }),
    {
      host: '0.0.0.0',
      port: 65_535,
      publicUrl: 'http://localhost:4100',
      latencyMs: 600_000,
      clientSecret: 'other',
      switches: {
        mode: 'development',
        redirectUris: ['http://127.0.0.1:3000/a', 'https://example.com/b'],
      },
    },
  )
  const bad = [
    { SANDBOX_PORT: '65536' },
    { SANDBOX_LATENCY_MS: '1e3' },
    { SANDBOX_CLIENT_ID: 'a:b' },
    { SANDBOX_PUBLIC_URL: 'localhost:4100' },
    { SANDBOX_PUBLIC_URL: 'http://localhost:4100/path' },
    { SANDBOX_MODE: 'production' },
    { SANDBOX_REDIRECT_URIS: 'https://example.com http://localhost/' },
  ]
  for (const variables of bad)
    t.throws(() => optionsFrom(variables), { message: RegExp(`^${Object.keys(variables)}`) })
})
