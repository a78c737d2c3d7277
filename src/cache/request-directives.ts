/** What a caller wants of a cache (RFC 9111 5.2.1); durations in seconds. */
export interface RequestDirectives {
  /** Ask the origin before a stored response is used. */
  readonly noCache: boolean
  /** The greatest age that is welcome. */
  readonly maxAge: number | undefined
  /** For how long after the end of its freshness a response is welcome; Infinity without a value. */
  readonly maxStale: number | undefined
  /** Do not ask the origin at all. */
  readonly onlyIfCached: boolean
}

/** What most callers ask for: nothing special. */
export const NO_DIRECTIVES: RequestDirectives = {
  noCache: false,
  maxAge: undefined,
  maxStale: undefined,
  onlyIfCached: false,
}

/** Whether the caller itself says how old or stale an answer may be. */
export function saysHowStale({ maxAge, maxStale }: RequestDirectives): boolean {
  return maxAge !== undefined || maxStale !== undefined
}

/** One directive: a token, with or without a token or quoted string as its argument. */
const DIRECTIVE = /^[\t ]*([\w!#$%&'*+.^`|~-]+)(?:=(?:"([^"]*)"|([^\s",]*)))?[\t ]*$/
/** Commas inside quotes do not end a directive. */
const MEMBERS = /(?:"[^"]*"|[^",])+/g

/**
 * Reads the `Cache-Control` field of a request. Names are case-insensitive; what is unknown or
 * malformed is ignored, as RFC 9111 5.2 asks; of a repeated directive the stricter one counts.
 */
export function requestDirectives(field: string | undefined): RequestDirectives {
  if (field === undefined) return NO_DIRECTIVES
  const directives = { ...NO_DIRECTIVES }
  for (const [member] of field.matchAll(MEMBERS)) {
    const [, name = '', quoted, token] = DIRECTIVE.exec(member) ?? []
    const argument = quoted ?? token
    switch (name.toLowerCase()) {
      case 'no-cache':
        directives.noCache = true
        break
      case 'only-if-cached':
        directives.onlyIfCached = true
        break
      case 'max-age':
        directives.maxAge = stricter(directives.maxAge, seconds(argument))
        break
      case 'max-stale':
        directives.maxStale = stricter(
          directives.maxStale,
          argument === undefined ? Number.POSITIVE_INFINITY : seconds(argument),
        )
        break
    }
  }
  return directives
}

/** Delta-seconds (RFC 9111 1.2.2); undefined when it is none. */
function seconds(argument = ''): number | undefined {
  return /^\d+$/.test(argument) ? Number(argument) : undefined
}

function stricter(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.min(one, other)
}
