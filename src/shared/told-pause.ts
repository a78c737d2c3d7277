import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { toldProblem } from '../spotify/diagnosis.ts'
import type { ToldPause } from '../spotify/other-gates.ts'

/** Of the form below; others are not understood. */
const VERSION = 1
/** Spotify's longest refusal; what claims to be longer comes from a wrong clock. */
const MAX_PAUSE_MS = 86_400_000

const pauseSchema = Type.Object({
  version: Type.Literal(VERSION),
  /** Who told it. */
  from: Type.String(),
  /** Epoch milliseconds. */
  until: Type.Number(),
  pauses: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  problem: Type.Object({
    type: Type.Union([
      Type.Literal('spotify-rate-limited'),
      Type.Literal('spotify-quota-exceeded'),
      Type.Literal('spotify-access-denied'),
      Type.Literal('spotify-unavailable'),
      Type.Literal('spotify-bad-response'),
    ]),
    detail: Type.String({ maxLength: 1000 }),
    retryAt: Type.Optional(Type.Number()),
    originStatus: Type.Optional(Type.Integer({ minimum: 100, maximum: 599 })),
  }),
})

/** A pause as it is stored and told; `from` names who does. */
export function encodePause({ cause, until, pauses }: ToldPause, from: string): string {
  const { type, message: detail, retryAt, originStatus } = cause
  const problem = { type, detail, retryAt, originStatus }
  return JSON.stringify({ version: VERSION, from, until, pauses, problem })
}

/** The pause of such a text; undefined when it is not of this form. `now` in epoch milliseconds. */
export function decodePause(
  text: string,
  now: number,
): (ToldPause & { readonly from: string }) | undefined {
  const value = parse(text)
  if (value === undefined) return undefined
  const { from, until, pauses, problem } = value
  const { type, detail, ...facts } = problem
  const cause = toldProblem(type, detail, facts)
  return { from, cause, until: Math.min(until, now + MAX_PAUSE_MS), pauses }
}

function parse(text: string): Static<typeof pauseSchema> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Value.Check(pauseSchema, value) ? value : undefined
  } catch {
    return undefined
  }
}
