import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { DAY_MS, remoteProblemSchema } from './remote-problem.ts'

/** The stream through which replicas tell each other. */
export const NEWS_KEY = 'playlist-proxy:news'
/** Enough for minutes of disconnection; each takes about 200 bytes. */
export const MAX_NEWS = 10_000
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
 * The part of a Lua script that sends a message: `tell(key, news)`. Replaces a value that is no stream,
 * and a stream whose last possible id somebody has used up.
 */
export const TELL = `
local function tell(key, news)
  if redis.call('TYPE', key).ok ~= 'stream' then redis.call('DEL', key) end
  local entry = {key, 'MAXLEN', '~', '${MAX_NEWS}', '*', 'news', news}
  local added = redis.pcall('XADD', unpack(entry))
  if type(added) ~= 'table' then return end
  if string.find(added.err, 'exhausted') then redis.call('DEL', key) end
  redis.call('XADD', unpack(entry))
end
`
