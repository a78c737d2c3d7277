/**
 * The list formats by `?format=` name, the default first. `excel` is CSV with the byte order mark Excel needs
 * to read UTF-8; `Accept` cannot select it. `html` is a page for people.
 */
export const FORMATS = ['json', 'text', 'csv', 'excel', 'ndjson', 'html'] as const

export type Format = (typeof FORMATS)[number]

export const MEDIA_TYPES: Record<Format, string> = {
  json: 'application/json',
  text: 'text/plain',
  csv: 'text/csv',
  excel: 'text/csv',
  ndjson: 'application/x-ndjson',
  html: 'text/html',
}

/** Returns the `Content-Type` for a format. */
export function contentType(format: Format): string {
  return `${MEDIA_TYPES[format]}; charset=utf-8`
}
