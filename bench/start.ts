import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import type { Bench, Group } from './bench.ts'
import { serverLauncher } from './cores.ts'
import { giveLists, usersNamed } from './lists.ts'
import { spreadOf } from './statistics.ts'
import { fill } from './targets.ts'

/** How many users the snapshot contains, and their list size. */
const USERS = 1000
const BYTES = 25_600
/** An earlier, unmeasured start has read the files into the system's page cache. */
const STARTS_PER_ROUND = 3

/** Starts the service, requests one user as soon as it listens, and stops it. */
async function startMs(
  bench: Bench,
  sandbox: Sandbox,
  environment: Record<string, string>,
  work: (url: string) => Promise<unknown> = async () => {},
) {
  const begunMs = performance.now()
  const service = await startServiceProcess({
    sandbox,
    environment,
    launcher: serverLauncher,
    onSpawn: child => bench.defer(() => child.kill('SIGKILL')),
  })
  try {
    const response = await request(`${service.url}/users/start-0/playlists`)
    await response.body.dump()
    const tookMs = performance.now() - begunMs
    if (response.statusCode !== 200)
      throw new Error(`the first response was ${response.statusCode}`)
    await work(service.url)
    return { tookMs, cacheStatus: String(response.headers['cache-status']) }
  } finally {
    await service.stop()
  }
}

/** Measures the time from process start to the first response. */
export const start: Group = async bench => {
  const sandbox = await startSandbox()
  bench.defer(() => sandbox.close())
  const targets = giveLists(sandbox, usersNamed('start', USERS), BYTES)
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  bench.defer(() => rmSync(folder, { recursive: true }))
  const environment = { CACHE_SNAPSHOT_FILE: join(folder, 'snapshot') }
  await startMs(bench, sandbox, environment, url => fill(url, targets))
  const tookMs: number[] = []
  for (let nth = 0; nth < bench.plan.rounds * STARTS_PER_ROUND; nth++) {
    const started = await startMs(bench, sandbox, environment)
    if (!/; hit/.test(started.cacheStatus)) {
      throw new Error(`not from the snapshot: ${started.cacheStatus}`)
    }
    tookMs.push(started.tookMs)
  }
  return [
    {
      group: 'start',
      name: `first 200 from a snapshot of ${USERS} users`,
      unit: 'ms',
      ours: spreadOf(tookMs),
      threshold: { atMost: 600 },
      note: `load average ${loadavg()[0]?.toFixed(1)}`,
    },
  ]
}
