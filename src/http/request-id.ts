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

const DIGITS = '0123456789abcdef'
let beginning = ''
let used = DIGITS.length

/** A UUID. Sixteen in a row differ in the last digit: a random one takes a twentieth of the time of a hit. */
function newId(): string {
  if (used === DIGITS.length) {
    beginning = randomUUID().slice(0, -1)
    used = 0
  }
  return beginning + DIGITS[used++]
}
