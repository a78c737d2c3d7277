import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { type ProblemType, problems } from '../problems.ts'

/** The stream through which replicas tell each other. */
export const NEWS_KEY = 'playlist-proxy:news'
/** Enough for minutes of disconnection; each takes about 200 bytes. */
export const MAX_NEWS = 10_000
/** Of the form below; others are not understood. */
const VERSION = 1

const instant = Type.Number({ description: 'epoch milliseconds' })

const newsSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('stored'),
    /** Who told it. */
    from: Type.String(),
    key: Type.String(),
    generatedAt: instant,
  }),
  Type.Object({
    kind: Type.Literal('failed'),
    from: Type.String(),
    key: Type.String(),
    problem: Type.Object({
      type: Type.Enum(Object.keys(problems) as [ProblemType]),
      detail: Type.String(),
      retryAt: Type.Optional(instant),
      originStatus: Type.Optional(Type.Integer()),
    }),
  }),
  /** A gate has closed; `pause` is its text. */
  Type.Object({
    kind: Type.Literal('paused'),
    from: Type.String(),
    app: Type.String(),
    pause: Type.String(),
  }),
  /** A probe was answered that left at this instant. */
  Type.Object({
    kind: Type.Literal('opened'),
    from: Type.String(),
    app: Type.String(),
    probedAt: instant,
  }),
  /** Whoever asked the origin for the key has given that up. */
  Type.Object({ kind: Type.Literal('released'), from: Type.String(), key: Type.String() }),
])

/** What one replica tells all others, and so itself. */
export type News = Static<typeof newsSchema>

/** News as they are sent. */
export function encodeNews(news: News): string {
  return JSON.stringify({ version: VERSION, ...news })
}

/** News that arrived; undefined when they are not of this form. */
export function decodeNews(text: string | undefined): News | undefined {
  try {
    const { version, ...news } = JSON.parse(text ?? '') as { version?: unknown }
    return version === VERSION && Value.Check(newsSchema, news) ? news : undefined
  } catch {
    return undefined
  }
}

/**
 * The part of a Lua script that tells news: `tell(key, news)`. What is no stream is in the way of
 * all news to come, so that it has to go.
 */
export const TELL = `
local function tell(key, news)
  if redis.call('TYPE', key).ok ~= 'stream' then redis.call('DEL', key) end
  redis.call('XADD', key, 'MAXLEN', '~', '${MAX_NEWS}', '*', 'news', news)
end
`
