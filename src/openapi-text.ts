import { readFileSync } from 'node:fs'

const document = readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8')

/** openapi.yaml as this instance serves it: with the URL that callers use, where it is known. */
export function openapiText(publicUrl: string | undefined): string {
  return publicUrl === undefined
    ? document
    : document.replace('\n  - url: /\n', `\n  - url: ${JSON.stringify(publicUrl)}\n`)
}
