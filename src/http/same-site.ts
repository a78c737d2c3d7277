import type { FastifyRequest } from 'fastify'
import { Problem } from '../problems/problem.ts'

/**
 * Refuses a form sent by a browser from another site's page. Clients that name no site, such as curl, pass.
 *
 * Browsers send `Sec-Fetch-Site` only over HTTPS or to their own machine. From our pages they send
 * `Origin: null`, because of `Referrer-Policy: no-referrer`, so any other origin must match `Host`.
 * https://www.w3.org/TR/fetch-metadata/
 *
 * @throws {Problem} `bad-request`
 */
export async function refuseOtherSites({ headers }: FastifyRequest): Promise<void> {
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

/** Returns the host in an `Origin` field; undefined if the value is not an origin. */
function hostIn(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
