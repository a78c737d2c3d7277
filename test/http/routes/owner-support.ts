import type { Test } from 'tap'
import { parseTrustProxy } from '../../../src/config/trust-proxy.ts'
import { controlAccess } from '../../../src/http/access-control.ts'
import { createServer } from '../../../src/http/create-server.ts'
import { acceptAllMethods } from '../../../src/http/methods.ts'
import { addSchemas } from '../../../src/http/openapi/schemas.ts'
import { type OwnerLinksOptions, ownerLinksRoutes } from '../../../src/http/routes/owner-links.ts'
import { handleUnknownPaths } from '../../../src/http/routes/unknown-paths.ts'
import { accountsFor } from '../../links/accounts-support.ts'
import { REDIRECT_URI } from '../../links/oauth-support.ts'
import { configFor } from '../../support/config.ts'

export const HTML = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** The owner pages on a server that trusts every proxy and requires API keys, with the sandbox. */
export async function ownerPagesFor(
  t: Test,
  options: Partial<OwnerLinksOptions> = {},
  variables: Record<string, string> = {},
) {
  const parts = await accountsFor(t)
  const { sandbox, clock, log } = parts
  const config = await configFor(sandbox, { API_KEYS: `app:${'k'.repeat(32)}`, ...variables })
  const accounts = await parts.start()
  const { consents, links } = accounts
  const basePath = options.publicUrl === undefined ? '' : '/base'
  const { app } = createServer({
    trustProxy: parseTrustProxy('true'),
    basePath,
    clock,
    logger: log,
    observe: () => {},
  })
  await controlAccess(app, config, { alsoOpen: [], sharedCounts: undefined, clock })
  acceptAllMethods(app)
  addSchemas(app)
  ownerLinksRoutes(app, {
    consents,
    publicUrl: undefined,
    authorizeUrl: new URL(sandbox.authorizeUrl),
    redirectUri: REDIRECT_URI,
    privacyUrl: undefined,
    ...options,
  })
  handleUnknownPaths(app, basePath)
  t.teardown(async () => {
    await app.close()
    await accounts.close()
  })

  const invite = async (user: string) => `/link/${(await consents.invite(user)).ticket}`
  const get = (url: string, headers: Record<string, string> = HTML) => app.inject({ url, headers })
  const post = (url: string, form = {}, headers: Record<string, string | undefined> = HTML) => {
    const payload = new URLSearchParams(form).toString()
    return app.inject({ method: 'POST', url, headers: { ...FORM, ...headers }, payload })
  }
  /** The address where the owner's browser ends up after the redirect to Spotify. */
  const followed = async (response: Awaited<ReturnType<typeof post>>, user: string) => {
    sandbox.switches.signedIn = user
    const answer = await fetch(String(response.headers.location), { redirect: 'manual' })
    return String(answer.headers.get('location'))
  }
  const agree = async (path: string, user: string) => followed(await post(path), user)
  /** The request target for an address on this service. */
  const target = (url: string) => url.replace(new URL(url).origin, '')
  /** Links an account, and returns the path to the link page. */
  const linkAs = async (user: string) => {
    const { headers } = await get(target(await agree(await invite(user), user)))
    return String(headers.location)
  }
  return { ...parts, app, links, invite, get, post, agree, followed, target, linkAs }
}
