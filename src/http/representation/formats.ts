/**
 * The formats of a list by their names in `?format=`, the default first. `excel` is CSV with a byte
 * order mark, which Excel needs to read UTF-8; `Accept` cannot name it. `html` is a page for a person.
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

/** The value of `Content-Type` for a format. */
export function contentType(format: Format): string {
  return `${MEDIA_TYPES[format]}; charset=utf-8`
}
