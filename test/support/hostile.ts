import type { LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import type { Clock } from '../../src/lib/clock.ts'

/** Values an attacker could use in place of a number in JSON. */
export const HOSTILE_NUMBERS = [
  '-1',
  '0',
  '1.5',
  '1e300',
  '-1e300',
  String(Date.UTC(2099, 0)),
  '"x"',
  '"2099"',
  'null',
  '[]',
] as const

/** A text that must never reach a caller. */
export const CANARY = 'canary'

/** Asserts that the response is valid HTTP without forged values. */
export function isSound(
  t: Test,
  { statusCode, headers, body }: LightMyRequestResponse,
  clock: Pick<Clock, 'now'>,
  name: string,
): void {
  t.ok(statusCode === 200 || statusCode === 503, `${name}: ${statusCode}`)
  const text = JSON.stringify({ headers, body })
  t.notMatch(text, /canary|Invalid Date|NaN|Infinity|undefined|\de\+\d/, name)
  const { 'retry-after': retryAfter = '1', 'last-modified': modified, age = '0' } = headers
  t.match(String(retryAfter), /^\d{1,5}$/, name)
  t.match(String(age), /^\d{1,5}$/, name)
  if (statusCode !== 200) return
  t.match(headers['cache-control'], /^public, max-age=\d{1,5}(?:, stale-[a-z-]+=\d{1,5})*$/, name)
  t.ok(Date.parse(String(modified)) <= clock.now(), name)
}
