/** The response to one lookup. */
export interface TimedResponse {
  status: number
  headers: Record<string, unknown>
  body: string
  /** From the request to the last byte, in real milliseconds. */
  durationMs: number
}

/** `fresh`, `stale`, or the problem type. */
export function kindOf({ status, headers, body }: TimedResponse): string {
  if (status !== 200) return String(JSON.parse(body).type).replace('/problems/', '')
  return /ttl=-/.test(String(headers['cache-status'])) ? 'stale' : 'fresh'
}

/** Counts responses by kind, and computes duration percentiles. */
export class Stats {
  readonly responses: TimedResponse[] = []

  add(response: TimedResponse): TimedResponse {
    this.responses.push(response)
    return response
  }

  get kinds(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const response of this.responses) {
      const kind = kindOf(response)
      counts[kind] = (counts[kind] ?? 0) + 1
    }
    return counts
  }

  /** How many responses have a status of 500 or above. */
  get failures(): number {
    return this.responses.filter(({ status }) => status >= 500).length
  }

  /** Returns the duration in milliseconds at this quantile, from 0 to 1; 0 without responses. */
  percentile(quantile: number): number {
    const durations = this.responses.map(({ durationMs }) => durationMs).sort((a, b) => a - b)
    return durations[Math.min(durations.length - 1, Math.floor(quantile * durations.length))] ?? 0
  }
}

/** A scenario's result, as a table row. */
export interface Result {
  stats: Stats
  /** Web API requests that reached Spotify. */
  spotifyRequests: number
  /** A sentence for each threshold, and whether the service meets it. */
  thresholds: [sentence: string, isMet: boolean][]
}

export interface Scenario {
  title: string
  run(): Promise<Result>
}

/** Where a scenario runs; closed when the scenario ends. */
interface Lab {
  close(): Promise<void>
}

/** Returns a function that creates scenarios, each with a separate lab. */
export function scenariosIn<L extends Lab>(
  start: (variables: Record<string, string>) => Promise<L>,
) {
  return (
    title: string,
    play: (lab: L) => Promise<Result>,
    variables: Record<string, string> = {},
  ): Scenario => ({
    title,
    async run() {
      const lab = await start(variables)
      try {
        return await play(lab)
      } finally {
        await lab.close()
      }
    },
  })
}
