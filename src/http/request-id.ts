import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { presentedKey } from './authentication.ts'

/**
 * The request id that the caller sent, to correlate logs; a new one if that is absent, too long, not
 * plain text, or the caller's API key.
 */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  if (typeof given !== 'string' || !/^[\w.-]{1,64}$/.test(given)) return randomUUID()
  const { authorization } = headers
  const isKey = authorization?.endsWith(` ${given}`) || presentedKey(authorization) === given
  return isKey ? randomUUID() : given
}
