import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import t from 'tap'

t.test('npm start reports a bad configuration before building anything', async t => {
  const builtAtMs = statSync('dist/server.js').mtimeMs
  const child = spawn('npm', ['start', '--silent'], {
    env: { ...process.env, SPOTIFY_CLIENT_ID: "'id'", SPOTIFY_CLIENT_SECRET: 'secret', PORT: 'x' },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  const said = text(child.stderr)
  t.same(await once(child, 'exit'), [1, null])
  t.match(await said, /PORT: invalid/)
  t.match(await said, /SPOTIFY_CLIENT_ID: invalid/)
  t.equal(statSync('dist/server.js').mtimeMs, builtAtMs)
})
