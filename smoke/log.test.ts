import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { freePort } from '../sandbox/free-port.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { spawnService } from '../sandbox/service-process.ts'

// Nobody reads the log here, or the disk is full: the service must keep working, and stop in time.

const SHUTDOWN_TIMEOUT_MS = 4000
const GAP = 'dropped log lines that could not be written'
/** Runs a command in an unread terminal that closes on SIGUSR1. Forwards SIGTERM and the exit code. */
const UNREAD_TERMINAL = `
import os, pty, signal, subprocess, sys
unread, terminal = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stdin=terminal, stdout=terminal, stderr=terminal)
os.close(terminal)
signal.signal(signal.SIGTERM, lambda *_: child.terminate())
signal.signal(signal.SIGUSR1, lambda *_: os.close(unread))
sys.exit(child.wait())
`
const hasPython = spawnSync('python3', ['-c', 'import pty']).status === 0
const hasFullDevice = spawnSync('test', ['-c', '/dev/full']).status === 0

/**
 * Runs a command in a shell that sets up the output. It unsets NODE_OPTIONS, because the module preloaded
 * by the test runner fails at a file size limit.
 */
const shell = (setUp: string) => ['sh', '-c', `unset NODE_OPTIONS; ${setUp}; exec "$@"`, 'sh']

/** Starts the built service with `launcher`, which redirects the log. */
async function start(t: Test, launcher: string[]) {
  const sandbox = await startSandbox()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const environment = {
    PORT: String(port),
    SHUTDOWN_DELAY_MS: '0',
    SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_TIMEOUT_MS),
  }
  const child = spawnService({ sandbox, launcher, environment })
  const exit = once(child, 'exit')
  const pool = new Pool(url, { connections: 8 })
  t.teardown(async () => {
    // Kills the group, since the launcher might still be running.
    if (child.exitCode === null && child.signalCode === null) {
      process.kill(-Number(child.pid), 'SIGKILL')
    }
    await pool.destroy()
    await sandbox.close()
  })
  const ask = async (path: string) => {
    const { statusCode, body } = await pool.request({ path, method: 'GET' })
    return { status: statusCode, text: await body.text() }
  }
  while ((await ask('/health/live').catch(() => undefined))?.status !== 200) await sleep(50)
  return {
    ask,
    child,
    /** Makes the service log this many lines. */
    async log(lines: number) {
      const requests = Array.from({ length: lines }, () => ask(`/${'x'.repeat(200)}`))
      for (const { status } of await Promise.all(requests))
        if (status !== 404) throw new Error(`${status}`)
    },
    async dropped(): Promise<number> {
      const { text } = await ask('/metrics')
      return Number(/^playlist_proxy_log_lines_dropped_total (\d+)$/m.exec(text)?.[1])
    },
    /** Stops the service; returns the exit code and the duration. */
    async stop() {
      const startMs = performance.now()
      child.kill()
      const [code] = await exit
      return { code, durationMs: performance.now() - startMs }
    },
  }
}

type Started = Awaited<ReturnType<typeof start>>

async function stopsInTime(t: Test, service: Started): Promise<void> {
  const { code, durationMs } = await service.stop()
  t.equal(code, 0)
  t.ok(durationMs < SHUTDOWN_TIMEOUT_MS, `${durationMs} ms`)
}

t.test(
  'a full disk costs only log lines',
  { skip: !hasFullDevice && 'needs /dev/full' },
  async t => {
    const service = await start(t, shell('exec >/dev/full'))
    t.equal((await service.ask('/users/smedjan/playlists')).status, 200)
    const before = await service.dropped()
    await service.log(100)
    t.ok((await service.dropped()) >= before + 100)
    await stopsInTime(t, service)
  },
)

t.test('the log continues once there is space again, and counts the dropped lines', async t => {
  const file = join(t.testdir({}), 'log')
  const service = await start(t, shell(`ulimit -f 8; exec >>'${file}'`))
  await service.log(100)
  const dropped = await service.dropped()
  t.ok(dropped > 50 && dropped < 100, `${dropped} lines are missing`)
  truncateSync(file)
  await service.log(2)
  await stopsInTime(t, service)
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  t.match(
    lines.map(line => JSON.parse(line)),
    [{ status: 404 }, { msg: GAP, lines: dropped }, { status: 404 }, { msg: 'stopping' }],
  )
})

t.test('an unread pipe never blocks the service, and keeps the lines that fit', async t => {
  const fifo = join(t.testdir({}), 'log')
  execFileSync('mkfifo', [fifo])
  const service = await start(t, shell(`exec 1<>'${fifo}' 2>&1`))
  let lines = 0
  for (; (await service.dropped()) === 0; lines += 1000) await service.log(1000)
  t.ok(lines < 20_000, `${lines} lines`)

  const log = createReadStream(fifo)
  t.teardown(() => log.destroy())
  const read: Record<string, unknown>[] = []
  for await (const line of createInterface({ input: log })) {
    read.push(JSON.parse(line))
    if (read.at(-1)?.msg === GAP) break
  }
  t.equal(read.at(-1)?.lines, await service.dropped())
  t.ok(read.length > lines / 2)
  await stopsInTime(t, service)
})

const skip = !hasPython && 'needs python3'

t.test('a stopped terminal never blocks the service', { skip }, async t => {
  const service = await start(t, ['python3', '-c', UNREAD_TERMINAL])
  await service.log(500)
  t.equal((await service.ask('/users/smedjan/playlists')).status, 200)
  await stopsInTime(t, service)
})

t.test('a closed terminal costs only log lines', { skip }, async t => {
  const service = await start(t, ['python3', '-c', UNREAD_TERMINAL])
  service.child.kill('SIGUSR1')
  while ((await service.dropped()) === 0) await service.log(1)
  t.equal((await service.ask('/users/smedjan/playlists')).status, 200)
  await stopsInTime(t, service)
})
