import type { Plan } from './bench.ts'
import type { Load } from './load.ts'
import { taken } from './others.ts'
import type { Measured } from './process.ts'
import { type Spread, spreadOf } from './statistics.ts'

/** Connections of the load to each server. */
export const CONNECTIONS = 16

/** One of two that are compared. */
export interface Contender {
  server: Measured
  load: Load
  requests: readonly Buffer[]
  /** Of every answer. */
  status: number
}

/** CPU time of the server per request in microseconds, and what of it both come to. */
export interface Comparison {
  ours: Spread
  reference: Spread
  /** The reference's CPU time over ours, pair by pair: 1 is as fast, more is faster. */
  ratio: Spread
  /** The share of the machine that others took, 0 to 1. */
  othersShare: number
  /** The share of the time, 0 to 1, in which the server of each was at work. */
  busyShare: { ours: number; reference: number }
}

interface Slice {
  cpuMicros: number
  busyShare: number
  othersShare: number
}

/** Measures both in turn, in short slices, so that what disturbs the machine meets both. */
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
    // Each goes first every other time, lest a drift favour one.
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
  const { result, ...cost } = await taken(server, () => load.run(requests, status, sliceMs))
  return {
    cpuMicros: (1000 * cost.cpuMs) / result.answers,
    busyShare: cost.cpuMs / cost.elapsedMs,
    othersShare: cost.othersShare,
  }
}
