import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { presentedKey } from './authentication.ts'

/**
 * The request id that the caller sent, to correlate logs; a new one if that is absent, too long, not
 * plain text, or the caller's API key.
 */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  if (typeof given !== 'string' || !/^[\w.-]{1,64}$/.test(given)) return newId()
  const { authorization } = headers
  const isKey = authorization?.endsWith(` ${given}`) || presentedKey(authorization) === given
  return isKey ? newId() : given
}

/** The last digits of ids. */
const ENDS = Array.from({ length: 4096 }, (_, nth) => nth.toString(16).padStart(3, '0'))
let beginning = ''
let used = ENDS.length

/** A UUID. Ids in a row differ in their last digits: a random one takes a twentieth of the time of a hit. */
function newId(): string {
  if (used === ENDS.length) {
    beginning = randomUUID().slice(0, -3)
    used = 0
  }
  return beginning + ENDS[used++]
}
