import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import { DAY_MS, remoteProblemSchema } from './remote-problem.ts'

/** The version of messages and pauses; replicas ignore all other versions. */
const VERSION = 2

const messageSchema = Type.Union([
  /** A replica has stored a list; `generatedAt` is epoch milliseconds. */
  Type.Object({
    kind: Type.Literal('stored'),
    /** The sender's id. */
    from: Type.String(),
    key: Type.String(),
    generatedAt: Type.Integer(),
  }),
  /** The lease holder could not fetch the list. */
  Type.Object({
    kind: Type.Literal('failed'),
    from: Type.String(),
    key: Type.String(),
    problem: remoteProblemSchema,
  }),
  /** A gate has closed and stored the pause. */
  Type.Object({ kind: Type.Literal('paused'), from: Type.String(), app: Type.String() }),
  /** A probe sent `agoMs` ago has succeeded. */
  Type.Object({
    kind: Type.Literal('opened'),
    from: Type.String(),
    app: Type.String(),
    agoMs: Type.Integer({ minimum: 0, maximum: DAY_MS }),
  }),
  /** The lease holder has released the lease without a result. */
  Type.Object({ kind: Type.Literal('released'), from: Type.String(), key: Type.String() }),
])

/** A message to all replicas, including the sender. */
export type Message = Static<typeof messageSchema>

/** The channel for a database. In Redis, keys belong to a database, but channels do not. */
export function messageChannel(db: number): string {
  return `playlist-proxy:news:${db}`
}

/** The text to publish. */
export function encodeMessage(message: Message): string {
  return JSON.stringify({ version: VERSION, ...message })
}

/** Returns undefined for a malformed message. */
export function decodeMessage(text: string): Message | undefined {
  return decode(text, messageSchema)
}

const { type, diagnosis } = remoteProblemSchema.properties

const pauseSchema = Type.Object({
  /** The id of the replica that closed the gate. */
  from: Type.String(),
  /** Distinguishes pauses from the same replica. */
  id: Type.String(),
  pauses: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  cause: Type.Object({ type, diagnosis }),
})

/** A pause in Redis. It ends when the key expires, so the replicas' clocks do not matter. */
export type StoredPause = Static<typeof pauseSchema>

/** The text to store. */
export function encodePause({ from, id, pauses, cause }: StoredPause): string {
  const { type, diagnosis } = cause
  return JSON.stringify({ version: VERSION, from, id, pauses, cause: { type, diagnosis } })
}

/** Returns undefined for a malformed pause. */
export function decodePause(text: string): StoredPause | undefined {
  return decode(text, pauseSchema)
}

/** Longer than any message or pause. Longer text is forged, and could take seconds to parse. */
const MAX_TEXT_LENGTH = 8192

function decode<Schema extends TSchema>(text: string, schema: Schema): Static<Schema> | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined
  try {
    const { version, ...value } = JSON.parse(text) as { version?: unknown }
    return version === VERSION && Value.Check(schema, value) ? value : undefined
  } catch {
    return undefined
  }
}
