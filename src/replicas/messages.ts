import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import { DAY_MS, remoteProblemSchema } from './remote-problem.ts'

/** The version of messages and pauses; replicas ignore all other versions. */
const VERSION = 2

const messageSchema = Type.Union([
  /** A replica has stored a list; `generatedAt` is epoch milliseconds. */
  Type.Object({
    kind: Type.Literal('stored'),
    /** The id of the sender. */
    from: Type.String(),
    key: Type.String(),
    generatedAt: Type.Integer(),
  }),
  /** The holder of a lease could not fetch the list. */
  Type.Object({
    kind: Type.Literal('failed'),
    from: Type.String(),
    key: Type.String(),
    problem: remoteProblemSchema,
  }),
  /** A gate has closed and stored its pause. */
  Type.Object({ kind: Type.Literal('paused'), from: Type.String(), app: Type.String() }),
  /** A probe that was sent `agoMs` ago has succeeded. */
  Type.Object({
    kind: Type.Literal('opened'),
    from: Type.String(),
    app: Type.String(),
    agoMs: Type.Integer({ minimum: 0, maximum: DAY_MS }),
  }),
  /** The holder of a lease has released it without a result. */
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

/** Undefined for a malformed message. */
export function decodeMessage(text: string): Message | undefined {
  return decode(text, messageSchema)
}

const { type, diagnosis } = remoteProblemSchema.properties

const pauseSchema = Type.Object({
  /** The id of the replica that closed its gate. */
  from: Type.String(),
  /** Distinguishes the pauses of a replica. */
  id: Type.String(),
  pauses: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  cause: Type.Object({ type, diagnosis }),
})

/** A pause in Redis. It ends when its key expires, so no clock of a replica matters. */
export type StoredPause = Static<typeof pauseSchema>

/** The text to store. */
export function encodePause({ from, id, pauses, cause }: StoredPause): string {
  const { type, diagnosis } = cause
  return JSON.stringify({ version: VERSION, from, id, pauses, cause: { type, diagnosis } })
}

/** Undefined for a malformed pause. */
export function decodePause(text: string): StoredPause | undefined {
  return decode(text, pauseSchema)
}

/** Longer than any message or pause. A longer text is forged, and could take seconds to parse. */
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
