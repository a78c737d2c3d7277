import { Session } from 'node:inspector/promises'
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// Preloaded into each process that is measured. Answers what it is asked over IPC, and ends the
// process when the one that measures is gone.

/** How often the event loop is looked at, in milliseconds; it is part of each delay that is seen. */
const RESOLUTION_MS = 1
const PROFILE_INTERVAL_MICROS = 200
let delays: IntervalHistogram | undefined

/** What it may be asked. */
export type Question =
  | 'sample'
  | 'watch-loop'
  | 'collect-garbage'
  | 'start-profile'
  | 'stop-profile'

/** A process at an instant. */
export interface Sample {
  /** User and system time of all its threads since it began, in milliseconds. */
  cpuMs: number
  rssBytes: number
  /** The longest that its event loop was blocked since the last `watch-loop`; 0 without one. */
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

const acts: Record<Question, () => unknown> = {
  sample: () => {},
  'watch-loop': watchLoop,
  'collect-garbage': collectGarbage,
  'start-profile': startProfile,
  'stop-profile': stopProfile,
}

process.on('message', async (question: Question | object) => {
  if (typeof question === 'object') return
  await acts[question]()
  process.send?.({ sample: sample() })
})
process.on('disconnect', () => process.exit(0))
process.channel?.unref()
