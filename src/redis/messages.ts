import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { DAY_MS, remoteProblemSchema } from './remote-problem.ts'

/** Of the form below; others are not understood. */
const VERSION = 2

const newsSchema = Type.Union([
  /** A list was stored; `generatedAt` in epoch milliseconds. */
  Type.Object({
    kind: Type.Literal('stored'),
    /** The replica that sent it. */
    from: Type.String(),
    key: Type.String(),
    generatedAt: Type.Integer(),
  }),
  Type.Object({
    kind: Type.Literal('failed'),
    from: Type.String(),
    key: Type.String(),
    problem: remoteProblemSchema,
  }),
  /** A gate has closed and stored why. */
  Type.Object({ kind: Type.Literal('paused'), from: Type.String(), app: Type.String() }),
  /** A probe was answered that left so long ago. */
  Type.Object({
    kind: Type.Literal('opened'),
    from: Type.String(),
    app: Type.String(),
    agoMs: Type.Integer({ minimum: 0, maximum: DAY_MS }),
  }),
  /** The replica that held the lease of the key has ended it without a result. */
  Type.Object({ kind: Type.Literal('released'), from: Type.String(), key: Type.String() }),
])

/** What one replica publishes to all of them, itself included. */
export type News = Static<typeof newsSchema>

/** The channel of the replicas that use this database: channels, unlike keys, have no database. */
export function newsChannel(db: number): string {
  return `playlist-proxy:news:${db}`
}

/** A message as it is published. */
export function encodeNews(news: News): string {
  return JSON.stringify({ version: VERSION, ...news })
}

/** A message that was received; undefined when it is malformed. */
export function decodeNews(text: string): News | undefined {
  try {
    const { version, ...news } = JSON.parse(text) as { version?: unknown }
    return version === VERSION && Value.Check(newsSchema, news) ? news : undefined
  } catch {
    return undefined
  }
}
