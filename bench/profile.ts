import { readFileSync } from 'node:fs'
import type { Profiler } from 'node:inspector'
import { FULL } from './bench.ts'
import { Cleanup } from './cleanup.ts'
import { leaveServerCore } from './cores.ts'
import { startHitLab, wholeLists } from './hit-lab.ts'
import type { Contender } from './slices.ts'

// `npm run bench:profile` prints the CPU time for a 2 KB hit by function and by part, for the service and for
// plain node:http.

const BYTES = 2048
const WARM_UP_MS = 3000
const PROFILED_MS = 6000
const FUNCTIONS = 45
const PARTS = 20

type Frame = Profiler.ProfileNode['callFrame']

/** Returns self time shares without idle time, grouped by `nameOf`, largest first. */
function shares(profile: Profiler.Profile, nameOf: (frame: Frame) => string) {
  const { nodes, samples = [], timeDeltas = [] } = profile
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const times = new Map<string, number>()
  let sum = 0
  for (const [at, id] of samples.entries()) {
    const frame = frames.get(id) as Frame
    if (frame.functionName === '(idle)') continue
    const micros = Math.max(0, timeDeltas[at] ?? 0)
    times.set(nameOf(frame), (times.get(nameOf(frame)) ?? 0) + micros)
    sum += micros
  }
  return [...times].sort(([, a], [, b]) => b - a).map(([name, time]) => [name, time / sum] as const)
}

/** Maps each line in a dist/ file to the source file, according to the bundler's comments. */
function originsOf(path: string): string[] {
  let origin = path
  return readFileSync(path, 'utf8')
    .split('\n')
    .map(line => {
      origin = /^ *\/\/ ((?:src|node_modules)\/\S+)$/.exec(line)?.[1] ?? origin
      return origin
    })
}

const origins = new Map<string, string[]>()

function fileOf({ url, lineNumber }: Frame): string {
  const path = /^file:.*\/(dist\/[^/]+)$/.exec(url)?.[1]
  if (path === undefined) return url || '(native)'
  if (!origins.has(path)) origins.set(path, originsOf(path))
  return (origins.get(path)?.[lineNumber] ?? path).replace(/^.*node_modules\//, '')
}

/** Names a frame's function, file and line; the line number refers to the bundle. */
const functionOf = (frame: Frame) =>
  `${frame.functionName || '(anonymous)'} ${fileOf(frame)} (line ${frame.lineNumber + 1})`

/** Returns the part a frame belongs to: Node, a folder in `src`, or a package. */
function partOf(frame: Frame): string {
  const file = fileOf(frame)
  if (file.startsWith('node:')) return 'node: JavaScript of Node'
  if (file === '(native)') return frame.functionName.startsWith('(') ? frame.functionName : file
  if (file.startsWith('src/')) return file.split('/').slice(0, -1).join('/')
  return file.split('/', file.startsWith('@') ? 2 : 1).join('/')
}

async function show(title: string, { server, load, requests, status }: Contender): Promise<void> {
  await load.run(requests, status, WARM_UP_MS)
  let responses = 0
  const before = await server.probe('sample')
  const profile = await server.profile(async () => {
    responses = (await load.run(requests, status, PROFILED_MS)).responses
  })
  const { cpuMs } = await server.probe('sample')
  const micros = (1000 * (cpuMs - before.cpuMs)) / responses
  console.log(
    `\n${title}: ${responses} responses of ${micros.toFixed(0)} us CPU, profiling included`,
  )
  const rows = [...shares(profile, partOf).slice(0, PARTS), ['', 0] as const]
  rows.push(...shares(profile, functionOf).slice(0, FUNCTIONS))
  for (const [name, share] of rows) {
    console.log(name && `${(100 * share).toFixed(1).padStart(6)} %  ${name}`)
  }
}

const cleanup = new Cleanup()
leaveServerCore()
try {
  const lab = await startHitLab({ plan: FULL, report: console.error, defer: cleanup.defer })
  const targets = wholeLists(lab, BYTES)
  const server = await lab.service()
  const { contender } = await lab.filled(server, targets)
  await show('the service', contender)
  await show('plain node:http', await lab.plain(targets, BYTES))
} finally {
  await cleanup.run()
}
