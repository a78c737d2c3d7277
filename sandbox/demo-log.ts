/** The members the demo reads from a service log line (docs/operating.md). */
interface LogLine {
  level: string
  time: number
  msg: string
  /** Only in lines about a response; null if no route matched. */
  route?: string | null
  status?: number
  duration_ms?: number
  user_id?: string
  cache_status?: string
  spotify_requests?: number
  /** Only with a problem. */
  path?: string
  err?: { message?: string }
}

const SHOWN_LEVELS = ['info', 'warn', 'error', 'fatal']

/** Formats a service log line for a person; undefined if a person does not need the line. */
export function demoLine(line: string): string | undefined {
  const entry = parsed(line)
  if (entry === undefined) return line
  const text = entry.route === undefined ? eventText(entry) : responseText(entry, entry.route)
  // Callers choose paths, which must not control the terminal.
  return text && `${clock(entry.time)}  ${text.replace(/\p{C}/gu, '\ufffd')}`
}

/** Parses a line; undefined for text printed by a package. */
function parsed(line: string): LogLine | undefined {
  try {
    const value = JSON.parse(line)
    return typeof value?.msg === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

function eventText({ level, msg, err }: LogLine): string | undefined {
  if (!SHOWN_LEVELS.includes(level)) return undefined
  return [level === 'info' ? '' : `${level}: `, msg, err?.message && `: ${err.message}`].join('')
}

function responseText(entry: LogLine, route: string | null): string {
  const { status, duration_ms: durationMs = 0, msg, user_id: userId = '' } = entry
  const path = entry.path ?? pathOf(route, userId)
  const duration = `${durationMs < 1 ? '<1' : Math.round(durationMs)} ms`.padStart(8)
  const words = [`${status}  ${path.padEnd(32)} ${duration}  ${costOf(entry)}`.trimEnd()]
  if (msg !== 'request completed') words.push(msg)
  return words.join('  ')
}

/** Returns a route's path as in problems, without the token of an owner's page. */
function pathOf(route: string | null, userId: string): string {
  return route?.replace(':id', encodeURIComponent(userId)).replace(':token', '{token}') ?? ''
}

function costOf({ cache_status: cacheStatus = '', spotify_requests: requests }: LogLine): string {
  if (requests === undefined) return ''
  const isHit = /;\s*hit\b/.test(cacheStatus)
  const count = `${requests} Spotify request${requests === 1 ? '' : 's'}`
  if (!isHit) return count
  return `${count}, ${/;\s*ttl=-/.test(cacheStatus) ? 'a stale list' : 'cached'}`
}

/** Local time as `14:03:59`. */
function clock(epochMs: number): string {
  return new Date(epochMs).toTimeString().slice(0, 8)
}
