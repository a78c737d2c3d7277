import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { startSandbox } from '../sandbox/sandbox.ts'
import type { Bench, Group } from './bench.ts'
import { giveLists, usersNamed } from './lists.ts'
import { Load } from './load.ts'
import type { Metric } from './metric.ts'
import { measureUsage } from './others.ts'
import { pacedP99 } from './paced.ts'
import { startService } from './process.ts'
import { serveReadyPages } from './ready-pages.ts'
import { spreadOf } from './statistics.ts'
import { fill, rawRequest } from './targets.ts'

const PLAYLISTS = 10_000
const LATENCY_MS = 50
/** Hits while a list loads: how many users, list size and interval. */
const HITS = { users: 1000, bytes: 2048, everyMs: 3 }
const QUIET_MS = 2000
const CODINGS = ['identity', 'gzip'] as const

async function startLab(bench: Bench) {
  const sandbox = await startSandbox()
  bench.defer(() => sandbox.close())
  serveReadyPages(sandbox, 'hoard', PLAYLISTS)
  const service = await startService(bench, sandbox)
  const users = usersNamed('hit', HITS.users)
  const targets = giveLists(sandbox, users, HITS.bytes)
  const paths = targets.map(({ path }) => path)
  await fill(service.url, targets)
  await fill(service.url, [{ path: '/users/hoard-check/playlists', playlists: PLAYLISTS }])
  sandbox.latencyMs = LATENCY_MS
  const load = await Load.open(service.url, 1)
  bench.defer(() => load.close())
  return { service, paths, load }
}

type Lab = Awaited<ReturnType<typeof startLab>>

/** Measures hits without other work, then while a long list loads. */
async function round({ service, paths, load }: Lab, user: string, coding: string) {
  const hitsDuring = (work: Promise<unknown>) => pacedP99(service.url, paths, HITS.everyMs, work)
  const quietMs = await hitsDuring(sleep(QUIET_MS))
  const own = monitorEventLoopDelay({ resolution: 1 })
  await service.probe('watch-loop')
  own.enable()
  const path = `/users/${user}/playlists`
  const request = rawRequest(service.url, { path, headers: { 'accept-encoding': coding } })
  const busyMs = await hitsDuring(load.run([request], 200, 0))
  own.disable()
  const { longestBlockMs } = await service.probe('sample')
  return { quietMs, busyMs, longestBlockMs, ownBlockMs: own.max / 1e6 - 1 }
}

/** Measures hits while the longest list loads. */
export const blocking: Group = async bench => {
  const lab = await startLab(bench)
  const metrics: Metric[] = []
  for (const coding of CODINGS) {
    bench.report(`${PLAYLISTS} playlists, ${coding}`)
    await round(lab, `hoard-${coding}-warm-up`, coding)
    const { result: rounds, othersShare } = await measureUsage(lab.service, async () => {
      const done = []
      for (let nth = 0; nth < bench.plan.rounds; nth++) {
        done.push(await round(lab, `hoard-${coding}-${nth}`, coding))
      }
      return done
    })
    const own = spreadOf(rounds.map(({ ownBlockMs }) => ownBlockMs)).median
    const note = `the load itself was blocked for ${own.toFixed(1)} ms at most`
    const shared = { group: 'blocking', unit: 'ms', othersShare, note }
    metrics.push(
      {
        ...shared,
        name: `longest block while ${PLAYLISTS} playlists load, ${coding}`,
        ours: spreadOf(rounds.map(({ longestBlockMs }) => longestBlockMs)),
        threshold: { atMost: 15 },
      },
      {
        ...shared,
        name: `p99 of hits meanwhile, ${coding}`,
        ours: spreadOf(rounds.map(({ busyMs }) => busyMs)),
        reference: { name: 'quiet', ...spreadOf(rounds.map(({ quietMs }) => quietMs)) },
        ratio: spreadOf(rounds.map(({ busyMs, quietMs }) => busyMs / quietMs)),
        threshold: { atMost: 2 },
      },
    )
  }
  return metrics
}
