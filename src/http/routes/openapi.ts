import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'
import { problemResponsesFor } from '../openapi/problem-responses.ts'
import { openapiResponses } from '../openapi/responses.ts'
import { basePathOf } from '../origin.ts'
import { sendRepresentation } from '../send.ts'
import { staticRepresentation } from '../static-representation.ts'

const PATH = '/openapi.yaml'

export interface OpenapiOptions {
  /** The openapi.yaml text. */
  openapi: string
  /** The public service URL without a trailing slash; undefined if unknown. */
  publicUrl: string | undefined
}

/** `GET /openapi.yaml`, the contract. */
export function openapiRoute(app: AppInstance, options: OpenapiOptions): void {
  const document = staticRepresentation(withServers(options), {
    contentType: 'application/yaml',
  })
  app.get(
    PATH,
    {
      schema: {
        operationId: 'getOpenapi',
        tags: ['Help'],
        summary: 'This document',
        response: { ...openapiResponses, ...problemResponsesFor(['caller-rate-limited']) },
      },
    },
    (_request, reply) => sendRepresentation(reply, document, []),
  )
  allowOnlyReading(app, PATH)
}

/**
 * Returns the openapi.yaml text with this instance's servers. The first server is a path: clients resolve it
 * against the document URL (OpenAPI 3.1 4.8.5), so it works at every address. The second server, if known, is
 * `publicUrl`, for clients that save the document.
 */
function withServers({ openapi, publicUrl }: OpenapiOptions): string {
  if (publicUrl === undefined) return openapi
  const path = JSON.stringify(basePathOf(publicUrl) || '/')
  const url = JSON.stringify(publicUrl)
  // A function, since a URL can contain `$`, which is special in a replacement string.
  return openapi.replace(
    /^ {2}- url: \/\n( {4}description: .*\n)/m,
    (_, description) =>
      `  - url: ${path}\n${description}  - url: ${url}\n    description: Where callers reach this service.\n`,
  )
}
