import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'

type TransformObject = NonNullable<FastifyDynamicSwaggerOptions['transformObject']>
type Paths = Record<string, Record<string, { responses: Record<string, Response> }>>

interface Response {
  headers?: Record<string, { required?: boolean; schema: { required?: boolean } }>
}

/**
 * Marks each response header as required or optional. Routes set `required: false` in an optional header's
 * schema; OpenAPI expects `required` one level above (3.1, Header Object).
 */
export const markRequiredHeaders: TransformObject = document => {
  const { openapiObject } = document as Extract<typeof document, { openapiObject: object }>
  const operations = Object.values(openapiObject.paths as Paths).flatMap(path =>
    Object.values(path),
  )
  for (const { responses } of operations) {
    for (const { headers = {} } of Object.values(responses)) {
      for (const header of Object.values(headers)) {
        const { required = true, ...schema } = header.schema
        Object.assign(header, { schema, required })
      }
    }
  }
  return openapiObject
}
