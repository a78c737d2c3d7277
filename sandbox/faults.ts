import { type Answer, type AnswerName, answers } from './answers.ts'
import type { SandboxRequest } from './requests.ts'

/** Replaces the response to requests that match all given conditions. */
export interface Fault {
  on: 'token' | 'api'
  /** How many requests the fault affects before it is removed; unlimited by default. */
  times?: number
  /** Only requests for this user's playlists. */
  userId?: string
  /** Only requests for the page at this offset. */
  offset?: number
  /** Only token requests with this grant type. */
  grantType?: string
  /** Only requests for which this returns true; checked after the other conditions. */
  match?: (request: SandboxRequest) => boolean
  answer: Answer | AnswerName
}

interface Installed {
  readonly fault: Fault
  timesLeft: number
}

/** The installed faults. */
export class Faults {
  #newestFirst: Installed[] = []

  /** Installs a fault before all others. Returns a function to remove it. */
  add(fault: Fault): () => void {
    const installed = { fault, timesLeft: fault.times ?? Number.POSITIVE_INFINITY }
    this.#newestFirst.unshift(installed)
    return () => this.#remove(installed)
  }

  clear(): void {
    this.#newestFirst = []
  }

  /** Returns the newest matching fault's answer, and counts down `times`. */
  take(request: SandboxRequest): Answer | undefined {
    const found = this.#newestFirst.find(({ fault }) => matches(fault, request))
    if (found === undefined) return undefined
    found.timesLeft--
    if (found.timesLeft <= 0) this.#remove(found)
    const { answer } = found.fault
    return typeof answer === 'function' ? answer : answers[answer]
  }

  /** The installed faults as JSON values, newest first. */
  list(): object[] {
    return this.#newestFirst.map(({ fault, timesLeft }) => ({
      on: fault.on,
      answer: typeof fault.answer === 'function' ? 'custom' : fault.answer,
      times_left: Number.isFinite(timesLeft) ? timesLeft : null,
      user_id: fault.userId,
      offset: fault.offset,
      grant_type: fault.grantType,
    }))
  }

  #remove(installed: Installed): void {
    this.#newestFirst = this.#newestFirst.filter(other => other !== installed)
  }
}

function matches(
  { on, userId, offset, grantType, match }: Fault,
  request: SandboxRequest,
): boolean {
  return (
    on === request.kind &&
    (userId === undefined || userId === request.userId) &&
    (offset === undefined || offset === request.offset) &&
    (grantType === undefined || grantType === request.grantType) &&
    (match === undefined || match(request))
  )
}
