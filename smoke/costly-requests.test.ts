import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { startSandbox } from '../sandbox/sandbox.ts'
import { type ServiceProcess, startServiceProcess } from '../sandbox/service-process.ts'

async function start(t: Test): Promise<ServiceProcess> {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  const service = await startServiceProcess({ sandbox })
  t.teardown(() => service.stop('SIGKILL'))
  return service
}

/** Peak process memory, in MB. */
function peakMegabytes({ child }: ServiceProcess): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(procFile(child.pid, 'status')) ?? []
  return Number(kilobytes) / 1024
}

/** CPU time for all threads in the process, in hundredths of a second. */
function cpuTicks({ child }: ServiceProcess): number {
  // utime and stime are fields 14 and 15 (proc_pid_stat(5)). The name before them can contain spaces.
  const fields = procFile(child.pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ')
  return Number(fields[11]) + Number(fields[12])
}

const procFile = (pid: number | undefined, name: string) =>
  readFileSync(`/proc/${pid}/${name}`, 'utf8')

/** Opens connections and waits until they are established. */
async function connections({ url }: ServiceProcess, count: number): Promise<Socket[]> {
  const port = Number(new URL(url).port)
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'))
  for (const socket of sockets) socket.on('error', () => {})
  await Promise.all(sockets.map(socket => once(socket, 'connect')))
  return sockets
}

const request = (path: string, ...fields: string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: lists.example', ...fields, '\r\n'].join('\r\n')

t.test('callers requesting costly responses and disconnecting cost little memory', async t => {
  const service = await start(t)
  await (await fetch(`${service.url}/users/hoarder/playlists`)).arrayBuffer()
  const before = peakMegabytes(service)
  for (const [format, codings] of [
    ['json', 'br, identity;q=0'],
    ['json', 'gzip'],
    ['csv', 'br, identity;q=0'],
  ]) {
    const sockets = await connections(service, 50)
    for (const [index, socket] of sockets.entries()) {
      const path = `/users/hoarder/playlists?format=${format}&limit=${9900 + index}`
      socket.write(request(path, `Accept-Encoding: ${codings}`))
    }
    // The service responds to this request after reading all others.
    t.equal((await fetch(`${service.url}/health/live`)).status, 200)
    for (const socket of sockets) socket.destroy()
  }
  const honest = await fetch(`${service.url}/users/collector/playlists`)
  t.equal(((await honest.json()) as { items: unknown[] }).items.length, 2000)
  const grown = peakMegabytes(service) - before
  t.ok(grown < 150, `${Math.round(grown)} MB more than before`)
  t.equal(await service.stop(), 0)
})

t.test(
  'a request with a long list in a field costs at most as much as five plain requests',
  async t => {
    const service = await start(t)
    const [socket] = (await connections(service, 1)) as [Socket]
    const ask = async (path: string, field: string) => {
      socket.write(request(path, field))
      return String(await once(socket, 'data'))
    }
    await fetch(`${service.url}/users/one/playlists`)
    const costOf = async (path: string, field: (index: number) => string, status: number) => {
      for (let index = 0; index < 50; index++) await ask(path, field(index))
      const before = cpuTicks(service)
      const responses: string[] = []
      for (let index = 0; index < 300; index++) responses.push(await ask(path, field(index)))
      t.ok(
        responses.every(response => response.startsWith(`HTTP/1.1 ${status}`)),
        `${path}: ${status}`,
      )
      return cpuTicks(service) - before
    }
    for (const path of ['/users/one/playlists', '/problems']) {
      const plain = await costOf(path, () => 'Accept: */*', 200)
      const long = (index: number) => `Accept: ${'a/b,'.repeat(3900)}${index}`
      const hostile = await costOf(path, long, 431)
      t.ok(hostile < 5 * (plain + 2), `${hostile} against ${plain} ticks for ${path}`)
    }
    socket.destroy()
    t.equal(await service.stop(), 0)
  },
)
