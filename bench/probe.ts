import { Session } from 'node:inspector/promises'
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// Preloaded into each measured process. Replies to commands over IPC, and exits when the benchmark does.

/** How often the monitor checks the event loop, in milliseconds. Each measured delay includes it. */
const RESOLUTION_MS = 1
const PROFILE_INTERVAL_MICROS = 200
let delays: IntervalHistogram | undefined

export type ProbeCommand =
  | 'sample'
  | 'watch-loop'
  | 'collect-garbage'
  | 'start-profile'
  | 'stop-profile'

/** Resource usage of a process. */
export interface Sample {
  /** User and system time for all threads since process start, in milliseconds. */
  cpuMs: number
  rssBytes: number
  /** The longest event loop block since the last `watch-loop`; 0 without `watch-loop`. */
  longestBlockMs: number
}

function sample(): Sample {
  const { user, system } = process.cpuUsage()
  const longestMs = (delays?.max ?? 0) / 1e6
  return {
    cpuMs: (user + system) / 1000,
    rssBytes: process.memoryUsage.rss(),
    longestBlockMs: Math.max(0, longestMs - RESOLUTION_MS),
  }
}

function watchLoop(): void {
  delays?.disable()
  delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
}

function collectGarbage(): void {
  setFlagsFromString('--expose_gc')
  const gc: () => void = runInNewContext('gc')
  gc()
  gc()
}

const session = new Session()

async function startProfile(): Promise<void> {
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: PROFILE_INTERVAL_MICROS })
  await session.post('Profiler.start')
}

async function stopProfile(): Promise<void> {
  process.send?.(await session.post('Profiler.stop'))
  session.disconnect()
}

const actions: Record<ProbeCommand, () => unknown> = {
  sample: () => {},
  'watch-loop': watchLoop,
  'collect-garbage': collectGarbage,
  'start-profile': startProfile,
  'stop-profile': stopProfile,
}

process.on('message', async (command: ProbeCommand | object) => {
  if (typeof command === 'object') return
  await actions[command]()
  process.send?.({ sample: sample() })
})
process.on('disconnect', () => process.exit(0))
process.channel?.unref()
