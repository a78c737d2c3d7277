import { type AddressInfo, BlockList, isIPv6 } from 'node:net'
import { ANONYMOUS, type ApiKey, digestOf } from '../config/api-keys.ts'
import { Problem } from '../problems/problem.ts'
import { prefersPage } from './accept.ts'
import type { AppInstance } from './app-instance.ts'
import { isMirrorPath } from './paths.ts'
import { contextOf } from './request-context.ts'

/** RFC 6750 2.1 credentials; the scheme is case-insensitive (RFC 9110 11.1). */
const BEARER = /^bearer +(\S+) *$/i
/** RFC 7617 2 credentials. */
const BASIC = /^basic +([\w+/-]+=*) *$/i
const REALM = 'realm="playlist-proxy"'

/**
 * Routes for orchestrators, routes that explain the service to callers without a key, page assets, and the
 * account owners' pages, which have sealed addresses.
 */
const OPEN =
  /^\/(?:$|health\/|(?:docs|problems)(?:\/|$)|(?:assets|link)\/|favicon\.(?:ico|svg)$|(?:openapi\.yaml|robots\.txt)$)/

/** Routes that manage linked accounts. */
const FOR_ADMINS = /^\/links(?:\/|$)/

/** Whether the route with this pattern needs no API key. */
export function isOpen(pattern: string | undefined): boolean {
  return pattern !== undefined && OPEN.test(pattern)
}

/** Whether the route with this pattern needs an admin key, even if there are no API keys. */
export function isForAdmins(pattern: string | undefined): boolean {
  return pattern !== undefined && FOR_ADMINS.test(pattern)
}

/**
 * Finds the caller by the `Authorization` field: returns the key name. Without a known key, returns `ANONYMOUS`
 * if the service has no caller keys, else undefined.
 */
export type FindCaller = (authorization: string | undefined) => string | undefined

/** Finds callers by these keys. Admin keys are API keys as well. */
export function callersWith(keys: readonly ApiKey[], adminKeys: readonly ApiKey[]): FindCaller {
  const unknown = keys.length === 0 ? ANONYMOUS : undefined
  const names = new Map([...keys, ...adminKeys].map(({ digest, name }) => [digest, name]))
  if (names.size === 0) return () => ANONYMOUS
  return authorization => {
    const presented = presentedKey(authorization)
    return presented === undefined ? unknown : (names.get(digestOf(presented)) ?? unknown)
  }
}

export interface AuthenticationOptions {
  findCaller: FindCaller
  /** The admin key names. */
  admins: readonly string[]
  /** Route patterns that need no key, besides those `isOpen` allows. */
  alsoOpen: readonly string[]
}

/** Returns the API key in this `Authorization` field: a bearer token or the Basic password. */
export function presentedKey(authorization = ''): string | undefined {
  const [, token] = BEARER.exec(authorization) ?? []
  if (token !== undefined) return token
  const [, encoded] = BASIC.exec(authorization) ?? []
  if (encoded === undefined) return undefined
  const credentials = Buffer.from(encoded, 'base64').toString()
  // A user name has no colon (RFC 7617 2).
  return credentials.slice(credentials.indexOf(':') + 1)
}

/**
 * Requires a known caller on all routes except the open ones, and on unknown paths, so strangers cannot probe
 * paths. Callers send their key as `Authorization: Bearer` or as the Basic password. Admin routes require an
 * admin key; any other key gets 403 `not-admin`.
 *
 * A request without a known key gets 401 `unknown-api-key` with a Bearer challenge. Only navigations also get a
 * Basic challenge (RFC 7617), which makes browsers prompt for the key: nobody expects a prompt when a script
 * sends the request, as in the API reference.
 */
export function authenticate(
  app: AppInstance,
  { findCaller, admins, alsoOpen }: AuthenticationOptions,
): void {
  app.addHook('onRequest', (request, reply, done) => {
    const context = contextOf(request)
    if (isOpen(context.route) || alsoOpen.includes(String(context.route))) return done()
    const { authorization, accept } = request.headers
    const caller = findCaller(authorization)
    const isAdminRoute = isForAdmins(context.route)
    if (caller !== undefined && !(isAdminRoute && caller === ANONYMOUS)) {
      context.caller = caller
      return isAdminRoute && !admins.includes(caller) ? done(notAdmin()) : done()
    }
    // A request without a token gets no error code (RFC 6750 3.1).
    const error = BEARER.test(authorization ?? '') ? ', error="invalid_token"' : ''
    const bearer = `Bearer ${REALM}${error}`
    const basic = `Basic ${REALM}, charset="UTF-8"`
    const isNavigation = prefersPage(request.url, accept) && !isMirrorPath(request.url)
    reply.header('www-authenticate', isNavigation ? [bearer, basic] : bearer)
    const detail =
      presentedKey(authorization) === undefined
        ? 'Send your API key as "Authorization: Bearer KEY".'
        : 'This service does not know the API key of the request.'
    done(new Problem('unknown-api-key', detail))
  })
}

function notAdmin(): Problem {
  return new Problem(
    'not-admin',
    'Only administrators may do this. Send the key of an administrator.',
  )
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** Logs a warning if a server without API keys listens on an address reachable from other machines. */
export function warnWhenExposed(app: AppInstance): void {
  app.addHook('onListen', done => {
    // The server never listens on a pipe, so each address is an object.
    const addresses = (app.addresses() as AddressInfo[]).map(({ address }) => address)
    const open = addresses.filter(
      address => !loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'),
    )
    if (open.length > 0) {
      app.log.warn(
        { addresses: open },
        'listening beyond this machine without API_KEYS: every client that reaches it can use up the Spotify quota',
      )
    }
    done()
  })
}
