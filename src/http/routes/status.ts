import { Type } from 'typebox'
import { prefersHtml, varyByAccept } from '../accept.ts'
import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'
import { GUARD_PROBLEMS, problemResponsesFor } from '../openapi/problem-responses.ts'
import { noStore, pageHeaders, rateLimitHeaders, varyAccept } from '../openapi/response-headers.ts'
import { jsonResponse } from '../openapi/responses.ts'
import { type Status, statusSchema } from '../openapi/status-schema.ts'
import { basePathOf } from '../origin.ts'
import { PAGE_FIELDS } from '../pages/layout.ts'
import { sendPage } from '../send.ts'
import { statusPage } from './status-page.ts'

export interface StatusOptions {
  status: () => Status
  /** The public service URL; undefined if unknown. */
  publicUrl: string | undefined
}

const json = jsonResponse(
  'The state of the service: JSON or, for browsers, a page.',
  statusSchema,
  {
    ...noStore,
    ...rateLimitHeaders,
    ...varyAccept,
    ...pageHeaders,
  },
)
const statusResponse = {
  ...json,
  content: { ...json.content, 'text/html': { schema: Type.String() } },
}

/** `GET /status`, for operators: a page for browsers, JSON for all other clients. */
export function statusRoute(app: AppInstance, options: StatusOptions): void {
  app.get(
    '/status',
    {
      schema: {
        operationId: 'getStatus',
        tags: ['Health'],
        summary: 'The state of the service, for operators',
        response: {
          200: statusResponse,
          ...problemResponsesFor([...GUARD_PROBLEMS, 'internal-error']),
        },
      },
    },
    async (request, reply) => {
      const status = options.status()
      reply.header('cache-control', 'no-store')
      varyByAccept(reply)
      if (!prefersHtml(request.headers.accept, ['application/json'])) return status
      sendPage(reply, statusPage(status, basePathOf(options.publicUrl)), PAGE_FIELDS)
      return reply
    },
  )
  allowOnlyReading(app, '/status')
}
