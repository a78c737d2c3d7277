/** Request directives (RFC 9111 5.2.1); durations in seconds. */
export interface RequestDirectives {
  /** Revalidate a stored response before use. */
  readonly noCache: boolean
  /** The greatest acceptable age. */
  readonly maxAge: number | undefined
  /** How long after the end of freshness a response is acceptable; Infinity without a value. */
  readonly maxStale: number | undefined
  /** Never fetch from the origin. */
  readonly onlyIfCached: boolean
}

/** No directives: most requests have no `Cache-Control` field. */
export const NO_DIRECTIVES: RequestDirectives = {
  noCache: false,
  maxAge: undefined,
  maxStale: undefined,
  onlyIfCached: false,
}

/** Whether the caller limits the age or staleness of the response. */
export function limitsStaleness({ maxAge, maxStale }: RequestDirectives): boolean {
  return maxAge !== undefined || maxStale !== undefined
}

/** A directive: a token, optionally with a token or quoted string as the argument. */
const DIRECTIVE = /^[\t ]*([\w!#$%&'*+.^`|~-]+)(?:=(?:"([^"]*)"|([^\s",]*)))?[\t ]*$/
/** Commas inside quotes do not end a directive. */
const MEMBERS = /(?:"[^"]*"|[^",])+/g

/**
 * Parses a request's `Cache-Control` field. Names are case-insensitive; unknown and malformed directives
 * are ignored (RFC 9111 5.2). If a directive is repeated, the stricter argument counts.
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

/** Parses delta-seconds (RFC 9111 1.2.2); returns undefined if malformed. */
function seconds(argument = ''): number | undefined {
  return /^\d+$/.test(argument) ? Number(argument) : undefined
}

function stricter(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.min(one, other)
}
