import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'
import { problemResponsesFor } from '../openapi/problem-responses.ts'
import { openapiResponses } from '../openapi/responses.ts'
import { basePathOf } from '../origin.ts'
import { sendRepresentation } from '../send.ts'
import { staticRepresentation } from '../static-representation.ts'

const PATH = '/openapi.yaml'

export interface OpenapiOptions {
  /** The text of openapi.yaml. */
  openapi: string
  /** Where callers reach the service, without a slash at its end; undefined when that is unknown. */
  publicUrl: string | undefined
}

/** `GET /openapi.yaml`: the contract. */
export function openapiRoute(app: AppInstance, options: OpenapiOptions): void {
  const document = staticRepresentation(servedDocument(options), {
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
 * openapi.yaml as this instance serves it. Its first server is a path, which is resolved against
 * where the document came from (OpenAPI 3.1 4.8.5) and so works at every address of the instance;
 * `publicUrl`, where it is known, is for those who keep the document.
 */
function servedDocument({ openapi, publicUrl }: OpenapiOptions): string {
  if (publicUrl === undefined) return openapi
  const path = JSON.stringify(basePathOf(publicUrl) || '/')
  const whole = JSON.stringify(publicUrl)
  // A function, since `$` has a meaning in a replacement and may stand in a URL.
  return openapi.replace(
    /^ {2}- url: \/\n( {4}description: .*\n)/m,
    (_, description) =>
      `  - url: ${path}\n${description}  - url: ${whole}\n    description: Where callers reach this service.\n`,
  )
}
