import type { AppInstance } from './app-instance.ts'
import { fixedRepresentation } from './fixed-representation.ts'
import { allowOnlyReading } from './methods.ts'
import { problemResponsesFor } from './problem-responses.ts'
import { openapiResponses } from './responses.ts'
import { sendRepresentation } from './send.ts'

const PATH = '/openapi.yaml'

/** `GET /openapi.yaml`: the contract. `text` is the document. */
export function openapiRoute(app: AppInstance, text: string): void {
  const document = fixedRepresentation(text, { contentType: 'application/yaml' })
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
