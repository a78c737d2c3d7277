/** Whose pages may read responses: any, or those of these origins. */
export type CorsOrigins = '*' | string[]

/** Scheme, host and port, also of apps that are pages, such as `capacitor://localhost`. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/?#@\s,*]+$/i

/**
 * Reads `CORS_ORIGINS`: `*`, or origins separated by commas, each as browsers send it: in lower case,
 * without the default port and without a slash at its end. Undefined when it is neither.
 */
export function parseCorsOrigins(value: string): CorsOrigins | undefined {
  if (value.trim() === '*') return '*'
  const origins = value.split(',').map(entry => originOf(entry.trim().replace(/\/$/, '')))
  return origins.includes(undefined) ? undefined : (origins as string[])
}

function originOf(text: string): string | undefined {
  if (!ORIGIN.test(text) || !URL.canParse(text)) return undefined
  const { origin } = new URL(text)
  // Of schemes that it does not know the URL parser gives no origin.
  return origin === 'null' ? text.toLowerCase() : origin
}
