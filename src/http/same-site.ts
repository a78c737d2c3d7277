import type { FastifyRequest } from 'fastify'
import { Problem } from '../problems/problem.ts'

/**
 * Refuses a form that a browser sends from a page of another site. Clients that say nothing about it,
 * such as curl, pass.
 *
 * Browsers send `Sec-Fetch-Site` only over HTTPS and to this machine. From our own pages they send
 * `Origin: null`, because of `Referrer-Policy: no-referrer`, so any other origin must be that of the host.
 * https://www.w3.org/TR/fetch-metadata/
 *
 * @throws {Problem} `bad-request`
 */
export function refuseOtherSites({ headers }: FastifyRequest): void {
  const { origin, host, 'sec-fetch-site': site } = headers
  const isOwn =
    site === undefined
      ? origin === undefined || origin === 'null' || hostIn(origin) === host?.toLowerCase()
      : site === 'same-origin' || site === 'none'
  if (!isOwn) {
    const detail = 'Another site sent this form, so it has no effect.'
    throw new Problem('bad-request', detail)
  }
}

/** Undefined if it is no origin. */
function hostIn(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
