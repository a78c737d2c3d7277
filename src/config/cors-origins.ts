/** Origins whose pages can read responses. */
export type CorsOrigins = '*' | string[]

/** Scheme, host and port. Hybrid apps have their own schemes, as in `capacitor://localhost`. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/?#@\s,*]+$/i

/**
 * Parses `CORS_ORIGINS`: `*`, or origins separated by commas. Returns origins as browsers send them: in
 * lower case, without default port or trailing slash. Undefined if malformed.
 */
export function parseCorsOrigins(value: string): CorsOrigins | undefined {
  if (value.trim() === '*') return '*'
  const origins = value.split(',').map(entry => originOf(entry.trim().replace(/\/$/, '')))
  return origins.includes(undefined) ? undefined : (origins as string[])
}

function originOf(text: string): string | undefined {
  if (!ORIGIN.test(text) || !URL.canParse(text)) return undefined
  const { origin } = new URL(text)
  // For unknown schemes, the URL parser returns the origin "null".
  return origin === 'null' ? text.toLowerCase() : origin
}
