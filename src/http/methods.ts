import { METHODS } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../problems/problem.ts'
import type { AppInstance } from './app-instance.ts'

/** The methods allowed on read-only paths. */
export const READ_METHODS: readonly string[] = ['GET', 'HEAD']

/** Refuses all methods but GET and HEAD on a path with 405 (RFC 9110 15.5.6). */
export function allowOnlyReading(app: AppInstance, path: string): void {
  allowOnly(app, path, READ_METHODS)
}

/** Refuses all methods but these on a path with 405 (RFC 9110 15.5.6). */
export function allowOnly(app: AppInstance, path: string, allowed: readonly string[]): void {
  const method = METHODS.filter(name => !allowed.includes(name) && name !== 'CONNECT')
  const refuse = (_request: FastifyRequest, reply: FastifyReply) => refuseMethod(reply, allowed)
  // In `onRequest`, since Fastify would otherwise first refuse the body because of the content type.
  app.route({ method, url: path, onRequest: refuse, handler: refuse })
}

/**
 * Refuses the request method (RFC 9110 15.5.6).
 *
 * @throws {Problem} `method-not-allowed`
 */
export async function refuseMethod(
  reply: FastifyReply,
  allowed: readonly string[],
): Promise<never> {
  reply.header('allow', allowed.join(', '))
  throw new Problem('method-not-allowed', `Use ${allowed.join(' or ')}.`)
}

/** Makes Fastify route every method Node parses except CONNECT, so known paths return 405 instead of 404. */
export function acceptAllMethods(app: AppInstance): void {
  for (const method of METHODS) {
    if (method !== 'CONNECT' && !app.supportedMethods.includes(method)) {
      app.addHttpMethod(method, { hasBody: true })
    }
  }
}
