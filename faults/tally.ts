/** What one lookup came to. */
export interface Answer {
  status: number
  headers: Record<string, unknown>
  body: string
  /** From asking to the last byte, in real milliseconds. */
  durationMs: number
}

/** `fresh`, `stale`, or the type of the problem. */
export function kindOf({ status, headers, body }: Answer): string {
  if (status !== 200) return String(JSON.parse(body).type).replace('/problems/', '')
  return /ttl=-/.test(String(headers['cache-status'])) ? 'stale' : 'fresh'
}

/** Answers by kind, and how long they took. */
export class Tally {
  readonly answers: Answer[] = []

  add(answer: Answer): Answer {
    this.answers.push(answer)
    return answer
  }

  get kinds(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const answer of this.answers) {
      const kind = kindOf(answer)
      counts[kind] = (counts[kind] ?? 0) + 1
    }
    return counts
  }

  /** Answers of status 500 and above. */
  get failures(): number {
    return this.answers.filter(({ status }) => status >= 500).length
  }

  /** The duration that this share of the answers stays below, in milliseconds. */
  percentile(share: number): number {
    const durations = this.answers.map(({ durationMs }) => durationMs).sort((a, b) => a - b)
    return durations[Math.min(durations.length - 1, Math.floor(share * durations.length))] ?? 0
  }
}

/** One row of the table. */
export interface Result {
  tally: Tally
  /** Web API requests that reached Spotify. */
  spotifyRequests: number
  /** A sentence for each bar, and whether it was held. */
  bars: [sentence: string, isHeld: boolean][]
}

export interface Scenario {
  title: string
  run(): Promise<Result>
}
