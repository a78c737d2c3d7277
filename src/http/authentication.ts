import { type AddressInfo, BlockList, isIPv6 } from 'node:net'
import { ANONYMOUS, type ApiKey, digestOf } from '../config/api-keys.ts'
import { Problem } from '../problems/problem.ts'
import type { AppInstance } from './app-instance.ts'
import { contextOf } from './request-context.ts'

/** The credentials of RFC 6750 2.1; the scheme is case-insensitive (RFC 9110 11.1). */
const BEARER = /^bearer +(\S+) *$/i
const CHALLENGE = 'Bearer realm="playlist-proxy"'

/**
 * Routes for orchestrators, routes that explain the service to callers without a key, and the files that
 * pages load.
 */
const OPEN =
  /^\/(?:$|health\/|(?:docs|problems)(?:\/|$)|assets\/|favicon\.(?:ico|svg)$|(?:openapi\.yaml|robots\.txt)$)/

/** Whether the route with this pattern needs no API key. */
export function isOpen(pattern: string | undefined): boolean {
  return pattern !== undefined && OPEN.test(pattern)
}

export interface AuthenticationOptions {
  /** If empty, no route needs a key. */
  keys: readonly ApiKey[]
  /** Patterns of further routes that need no key. */
  alsoOpen: readonly string[]
}

/**
 * Requires one of the keys as `Authorization: Bearer` on all routes that are not open, and on unknown
 * paths, so strangers cannot probe these. Other requests get 401 `unknown-api-key` with a challenge
 * (RFC 6750 3).
 */
export function authenticate(app: AppInstance, { keys, alsoOpen }: AuthenticationOptions): void {
  const names = new Map(keys.map(({ digest, name }) => [digest, name]))
  app.addHook('onRequest', (request, reply, done) => {
    const context = contextOf(request)
    if (isOpen(context.route) || alsoOpen.includes(String(context.route))) return done()
    if (keys.length === 0) {
      context.caller = ANONYMOUS
      return done()
    }
    const [, presented] = BEARER.exec(request.headers.authorization ?? '') ?? []
    const caller = presented === undefined ? undefined : names.get(digestOf(presented))
    if (caller !== undefined) {
      context.caller = caller
      return done()
    }
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
