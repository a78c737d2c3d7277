import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { remoteProblemSchema } from './remote-problem.ts'

/** Of the form below; other versions are not understood. */
const VERSION = 2

const { type, diagnosis } = remoteProblemSchema.properties

const pauseSchema = Type.Object({
  version: Type.Literal(VERSION),
  /** The replica that closed its gate. */
  from: Type.String(),
  /** Tells this pause from others of the replica. */
  id: Type.String(),
  pauses: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  cause: Type.Object({ type, diagnosis }),
})

/** A pause as replicas store it. It lasts as long as the key that holds it, so that clocks may differ. */
export type RemotePause = Omit<Static<typeof pauseSchema>, 'version'>

export function encodePause({ from, id, pauses, cause }: RemotePause): string {
  const { type, diagnosis } = cause
  return JSON.stringify({ version: VERSION, from, id, pauses, cause: { type, diagnosis } })
}

/** Undefined when the text is not of this form. */
export function decodePause(text: string): RemotePause | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Value.Check(pauseSchema, value) ? value : undefined
  } catch {
    return undefined
  }
}
