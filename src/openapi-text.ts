import { readFileSync } from 'node:fs'
import { basePathOf } from './public-url.ts'

const document = readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8')

/**
 * openapi.yaml as this instance serves it. Its first server is a path, which is resolved against
 * where the document came from (OpenAPI 3.1 4.8.5) and so works at every address of the instance;
 * `publicUrl`, where it is known, is for those who keep the document.
 */
export function openapiText(publicUrl: string | undefined): string {
  if (publicUrl === undefined) return document
  const path = JSON.stringify(basePathOf(publicUrl) || '/')
  const whole = JSON.stringify(publicUrl)
  // A function, since `$` has a meaning in a replacement and may stand in a URL.
  return document.replace(
    /^ {2}- url: \/\n( {4}description: .*\n)/m,
    (_, description) =>
      `  - url: ${path}\n${description}  - url: ${whole}\n    description: Where callers reach this service.\n`,
  )
}
