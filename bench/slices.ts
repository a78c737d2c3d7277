import type { Plan } from './bench.ts'
import type { Load } from './load.ts'
import { measureUsage } from './others.ts'
import type { Measured } from './process.ts'
import { type Spread, spreadOf } from './statistics.ts'

/** Load connections to each server. */
export const CONNECTIONS = 16

/** A server and the load for the comparison. */
export interface Contender {
  server: Measured
  load: Load
  requests: readonly Buffer[]
  /** The expected status for every response. */
  status: number
}

/** CPU time per request for both servers, in microseconds. */
export interface Comparison {
  ours: Spread
  reference: Spread
  /** The reference's CPU time divided by ours, pair by pair: above 1, ours is faster. */
  ratio: Spread
  /** The machine share used by other processes, 0 to 1. */
  othersShare: number
  /** The share of time each server was busy, 0 to 1. */
  busyShare: { ours: number; reference: number }
}

interface Slice {
  cpuMicros: number
  busyShare: number
  othersShare: number
}

/** Measures both alternately in short slices, so disturbances affect both. */
export async function compare(
  ours: Contender,
  reference: Contender,
  plan: Plan,
): Promise<Comparison> {
  for (const { load, requests, status } of [ours, reference]) {
    await load.run(requests, status, plan.warmUpMs)
  }
  const pairs: { ours: Slice; reference: Slice }[] = []
  for (let nth = 0; nth < plan.slices; nth++) {
    // Alternates which server goes first, so drift favours neither.
    if (nth % 2 === 0) {
      const first = await slice(ours, plan.sliceMs)
      pairs.push({ ours: first, reference: await slice(reference, plan.sliceMs) })
    } else {
      const first = await slice(reference, plan.sliceMs)
      pairs.push({ ours: await slice(ours, plan.sliceMs), reference: first })
    }
  }
  const shares = pairs.flatMap(pair => [pair.ours.othersShare, pair.reference.othersShare])
  return {
    ours: spreadOf(pairs.map(pair => pair.ours.cpuMicros)),
    reference: spreadOf(pairs.map(pair => pair.reference.cpuMicros)),
    ratio: spreadOf(pairs.map(pair => pair.reference.cpuMicros / pair.ours.cpuMicros)),
    othersShare: spreadOf(shares).median,
    busyShare: {
      ours: spreadOf(pairs.map(pair => pair.ours.busyShare)).median,
      reference: spreadOf(pairs.map(pair => pair.reference.busyShare)).median,
    },
  }
}

async function slice(contender: Contender, sliceMs: number): Promise<Slice> {
  const { server, load, requests, status } = contender
  const { result, ...cost } = await measureUsage(server, () => load.run(requests, status, sliceMs))
  return {
    cpuMicros: (1000 * cost.cpuMs) / result.responses,
    busyShare: cost.cpuMs / cost.elapsedMs,
    othersShare: cost.othersShare,
  }
}
