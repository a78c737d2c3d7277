import type { Test } from 'tap'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { OAuthClient } from '../../src/links/oauth-client.ts'
import { Problem } from '../../src/problems/problem.ts'
import type { RequestOutcome } from '../../src/spotify/request-observer.ts'
import { createTransport } from '../../src/spotify/transport.ts'
import type { ManualClock } from '../support/manual-clock.ts'

export const REDIRECT_URI = 'http://127.0.0.1:3000/link/callback'
export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'

/** An OAuth client, and a sandbox in which users consent without seeing a page. */
export async function oauthFor(t: Test, clock: ManualClock) {
  const sandbox = await startSandbox({ now: () => clock.now() })
  Object.assign(sandbox.switches, { redirectUris: [REDIRECT_URI], consent: 'approve' })
  const tokenUrl = new URL(sandbox.tokenUrl)
  const transport = createTransport(tokenUrl.origin, 1, {
    clock,
    timeoutMs: 5000,
    maxBytes: 65_536,
  })
  const stopping = new AbortController()
  const outcomes: RequestOutcome[] = []
  const oauth = new OAuthClient({
    transport,
    tokenUrl,
    authorizeUrl: new URL(sandbox.authorizeUrl),
    clientId: sandbox.clientId,
    clientSecret: sandbox.clientSecret,
    redirectUri: REDIRECT_URI,
    clock,
    observe: (_kind, outcome) => outcomes.push(outcome),
    signal: stopping.signal,
  })
  t.teardown(async () => {
    await transport.close()
    await sandbox.close()
  })
  const stop = () => stopping.abort(new Problem('shutting-down', 'The service stopped.'))
  return { sandbox, oauth, outcomes, stop, ...consents(sandbox, oauth) }
}

function consents(sandbox: Sandbox, oauth: OAuthClient) {
  /** The callback query after a user has agreed. */
  async function callback(user: string, state = 'state', verifier = VERIFIER) {
    sandbox.switches.signedIn = user
    const url = await oauth.authorizationUrl(state, verifier)
    const { headers } = await fetch(url, { redirect: 'manual' })
    return new URL(String(headers.get('location'))).searchParams
  }
  /** Spotify's grant after a user's consent. */
  async function grantOf(user: string) {
    const grant = await oauth.exchange(await callback(user), 'state', VERIFIER)
    if (typeof grant === 'string') throw new Error(`the consent is ${grant}`)
    return grant
  }
  return { callback, grantOf }
}
