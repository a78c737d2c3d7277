import { type AddressInfo, BlockList, isIPv6 } from 'node:net'
import { ANONYMOUS, type ApiKey, digestOf } from '../config/api-keys.ts'
import { Problem } from '../problems/problem.ts'
import type { AppInstance } from './app-instance.ts'
import { contextOf } from './request-context.ts'

/** The credentials of RFC 6750 2.1; the scheme is case-insensitive (RFC 9110 11.1). */
const BEARER = /^bearer +(\S+) *$/i
const CHALLENGE = 'Bearer realm="playlist-proxy"'

/** What orchestrators ask and what explains the service: needed before there is a key. */
const OPEN = /^\/(?:health\/|(?:docs|problems)(?:\/|$)|openapi\.yaml$)/

/** Whether the route with this pattern answers everybody, also where keys are on. */
export function isOpen(pattern: string | undefined): boolean {
  return pattern !== undefined && OPEN.test(pattern)
}

export interface AuthenticationOptions {
  /** None: whoever asks is answered. */
  keys: readonly ApiKey[]
  /** Patterns of routes that are open beside those that always are. */
  alsoOpen: readonly string[]
}

/**
 * Lets nobody pass who does not present one of the keys as `Authorization: Bearer`, but for the
 * routes that are open; unknown paths are not, so that a stranger learns nothing of them. The answer
 * is 401 `unknown-api-key` with a challenge (RFC 6750 3).
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
    // The error code is for those who sent one: the others have only yet to learn what is wanted.
    const error = presented === undefined ? '' : ', error="invalid_token"'
    reply.header('www-authenticate', CHALLENGE + error)
    done(presented === undefined ? keyMissing() : keyUnknown())
  })
}

function keyMissing(): Problem {
  return new Problem('unknown-api-key', 'Send your API key as "Authorization: Bearer KEY".')
}

function keyUnknown(): Problem {
  return new Problem('unknown-api-key', 'The API key that was sent is not known here.')
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** Says so in the log when a server without API keys listens where other machines may reach it. */
export function warnWhenExposed(app: AppInstance): void {
  app.addHook('onListen', done => {
    // It listens on ports only, which have addresses.
    const addresses = (app.addresses() as AddressInfo[]).map(({ address }) => address)
    const open = addresses.filter(
      address => !loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'),
    )
    if (open.length > 0) {
      app.log.warn(
        { addresses: open },
        'listening beyond this machine without API_KEYS: whoever reaches it can spend the Spotify quota',
      )
    }
    done()
  })
}
