import { Type } from 'typebox'
import { Problem } from '../../problems/problem.ts'
import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'
import { problemResponsesFor } from '../openapi/problem-responses.ts'
import { noStore } from '../openapi/response-headers.ts'
import { jsonResponse } from '../openapi/responses.ts'

const statusResponse = (status: string, description: string) =>
  jsonResponse(
    description,
    Type.Object({ status: Type.Literal(status, { description: 'Always the same.' }) }),
    noStore,
  )

export interface HealthOptions {
  /** Whether the service is shutting down. */
  isDraining: () => boolean
  /** Why there is no app token; undefined while a token is valid. */
  tokenProblem: () => Problem | undefined
  /** Whether the cache can serve at least one list without Spotify. */
  hasUsable: () => boolean
}

/** `GET /health/live` and `GET /health/ready`, for orchestrators and load balancers. */
export function healthRoutes(app: AppInstance, options: HealthOptions): void {
  app.get(
    '/health/live',
    {
      schema: {
        operationId: 'getLiveness',
        tags: ['Health'],
        summary: 'Whether the process is alive',
        response: {
          200: statusResponse('alive', 'The event loop runs.'),
          ...problemResponsesFor([]),
        },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      return { status: 'alive' as const }
    },
  )
  allowOnlyReading(app, '/health/live')

  app.get(
    '/health/ready',
    {
      schema: {
        operationId: 'getReadiness',
        tags: ['Health'],
        summary: 'Whether the service can answer lookups',
        response: {
          200: statusResponse('ready', 'The service can answer lookups.'),
          ...problemResponsesFor([
            'spotify-credentials-rejected',
            'spotify-unavailable',
            'shutting-down',
          ]),
        },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      if (options.isDraining()) {
        throw new Problem('shutting-down', 'This instance accepts no new requests.')
      }
      const problem = options.tokenProblem()
      if (problem !== undefined && !options.hasUsable()) throw notReady(problem)
      return { status: 'ready' as const }
    },
  )
  allowOnlyReading(app, '/health/ready')
}

/** Reports the token problem as a 503: to load balancers, any other status means that the check itself failed. */
function notReady(problem: Problem): Problem {
  if (problem.status === 503) return problem
  const { message, retryAt } = problem
  return new Problem('spotify-unavailable', message, { cause: problem, retryAt })
}
