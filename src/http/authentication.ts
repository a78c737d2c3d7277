import { type AddressInfo, BlockList, isIPv6 } from 'node:net'
import { ANONYMOUS, type ApiKey, digestOf } from '../config/api-keys.ts'
import { Problem } from '../problems/problem.ts'
import type { AppInstance } from './app-instance.ts'
import { contextOf } from './request-context.ts'

/** The credentials of RFC 6750 2.1; the scheme is case-insensitive (RFC 9110 11.1). */
const BEARER = /^bearer +(\S+) *$/i
const CHALLENGE = 'Bearer realm="playlist-proxy"'

/** Routes for orchestrators, and routes that explain the service to callers without a key. */
const OPEN = /^\/(?:health\/|(?:docs|problems)(?:\/|$)|openapi\.yaml$)/

/** Whether the route with this pattern needs no API key. */
export function isOpen(pattern: string | undefined): boolean {
  return pattern !== undefined && OPEN.test(pattern)
}

/**
 * The caller with the credentials of an `Authorization` field: the name of its key; anonymous for any
 * field if the service has no keys. Undefined if it has keys and the field contains none of them.
 */
export type FindCaller = (authorization: string | undefined) => string | undefined

/** Finds callers by these keys. */
export function callersWith(keys: readonly ApiKey[]): FindCaller {
  if (keys.length === 0) return () => ANONYMOUS
  const names = new Map(keys.map(({ digest, name }) => [digest, name]))
  return authorization => {
    const presented = presentedKey(authorization)
    return presented === undefined ? undefined : names.get(digestOf(presented))
  }
}

function presentedKey(authorization: string | undefined): string | undefined {
  return BEARER.exec(authorization ?? '')?.[1]
}

export interface AuthenticationOptions {
  findCaller: FindCaller
  /** Patterns of further routes that need no key. */
  alsoOpen: readonly string[]
}

/**
 * Requires a known caller, as `Authorization: Bearer` and its key, on all routes that are not open, and on
 * unknown paths, so strangers cannot probe these. Other requests get 401 `unknown-api-key` with a
 * challenge (RFC 6750 3).
 */
export function authenticate(
  app: AppInstance,
  { findCaller, alsoOpen }: AuthenticationOptions,
): void {
  app.addHook('onRequest', (request, reply, done) => {
    const context = contextOf(request)
    if (isOpen(context.route) || alsoOpen.includes(String(context.route))) return done()
    const { authorization } = request.headers
    context.caller = findCaller(authorization)
    if (context.caller !== undefined) return done()
    const presented = presentedKey(authorization)
    // A request without credentials gets no error code (RFC 6750 3.1).
    const error = presented === undefined ? '' : ', error="invalid_token"'
    reply.header('www-authenticate', CHALLENGE + error)
    done(presented === undefined ? keyMissing() : keyUnknown())
  })
}

function keyMissing(): Problem {
  return new Problem('unknown-api-key', 'Send your API key as "Authorization: Bearer KEY".')
}

function keyUnknown(): Problem {
  return new Problem('unknown-api-key', 'This service does not know the API key of the request.')
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** Logs a warning if a server without API keys listens on an address that other machines can reach. */
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
