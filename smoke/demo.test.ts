import { execFile, spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { promisify } from 'node:util'
import t from 'tap'

const run = promisify(execFile)

t.test('npm run demo prints three curl lines that work, and Ctrl-C ends it', async t => {
  const demo = spawn('npm', ['run', 'demo'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // npm may exit before its child processes. The last of them closes the output.
  const ended = once(demo, 'close')
  let printed = ''
  for await (const [chunk] of on(demo.stdout, 'data', { close: ['end'] })) {
    printed += chunk
    if (printed.includes('Ctrl-C ends both.')) break
  }
  demo.stdout.resume()
  const lines = printed.match(/curl .*/g) ?? []
  t.equal(lines.length, 3)
  const outputs = []
  for (const line of lines) outputs.push((await run('sh', ['-c', `${line} -sS`])).stdout)
  const [whole = '', text = '', window = ''] = outputs
  t.match(JSON.parse(whole), { total: 120, complete: true })
  t.match(text, /^ {3}1 spotify:playlist:\w+ .*\n/)
  t.match(JSON.parse(window), { offset: 100, limit: 2, total: 120 })

  process.kill(-(demo.pid as number), 'SIGINT')
  await ended
  await t.rejects(run('sh', ['-c', `${lines[0]} -sS`]), 'the port is closed')
})
