import type { Valkey } from 'iovalkey'
import type { Address, SharedCacheTarget } from '../config/redis-url.ts'
import type { Clock } from '../lib/clock.ts'
import { inTime, openConnection, type Server } from './open-connection.ts'
import { asRedisError, RedisError } from './operation.ts'

/** In a cluster, the braces put all keys into one slot, and thus on one server. */
const KEY_PREFIXES = {
  single: 'playlist-proxy:',
  sentinel: 'playlist-proxy:',
  cluster: '{playlist-proxy}:',
}
/**
 * The time-out for connecting to a sentinel or cluster node, and for the reply. All servers are asked at
 * the same time, and a hanging server holds up the result.
 */
const FIND_TIMEOUT_MS = 500

/**
 * Finds the current primary, then opens a connection to it, like `openConnection`, within `timeoutMs`.
 *
 * @throws {RedisError} like `openConnection`; if no address names the primary, with the failure from the
 * first address.
 */
export async function openPrimary(
  target: SharedCacheTarget,
  clock: Clock,
  timeoutMs: number,
): Promise<Valkey> {
  const address = await findPrimary(target, clock)
  const keyPrefix = KEY_PREFIXES[target.mode]
  return openConnection({ ...target, ...address, keyPrefix }, clock, timeoutMs)
}

/** Returns the address most servers name: a server that is cut off might still name the former primary. */
async function findPrimary(target: SharedCacheTarget, clock: Clock): Promise<Address> {
  const { mode, addresses } = target
  if (mode === 'single') return addresses[0]
  const ask = mode === 'sentinel' ? askSentinel : askNode
  const replies = await Promise.allSettled(addresses.map(address => ask(target, address, clock)))
  const named = replies.flatMap(reply => (reply.status === 'fulfilled' ? reply.value : []))
  const votes = (name: string) => named.filter(other => other === name).length
  const [primary] = named.toSorted((one, other) => votes(other) - votes(one))
  if (primary === undefined) throw (replies[0] as PromiseRejectedResult).reason
  const colon = primary.lastIndexOf(':')
  return { host: primary.slice(0, colon), port: Number(primary.slice(colon + 1)) }
}

/** Returns `host:port` for the primary that the sentinel monitors under the service name. */
function askSentinel(target: SharedCacheTarget, address: Address, clock: Clock): Promise<string> {
  const { sentinel, service, tls } = target
  const server = { ...address, ...sentinel, db: 0, tls, keyPrefix: '' }
  return withConnection(server, clock, async client => {
    const primary = await client.call('SENTINEL', 'get-master-addr-by-name', service)
    if (primary === null) throw new RedisError('refused', 'UNKNOWN_SERVICE')
    return (primary as string[]).join(':')
  })
}

/** Names the node with the slot; the host is empty if the operator wants clients to keep theirs. */
const REDIRECTION = /^MOVED \d+ (.*):(\d+)$/

/** Returns `host:port` for the cluster node with the slot for all keys. */
function askNode(target: SharedCacheTarget, address: Address, clock: Clock): Promise<string> {
  const server = { ...target, ...address, keyPrefix: KEY_PREFIXES.cluster }
  return withConnection(server, clock, async client => {
    const redirection = await client.exists('probe').then(
      () => undefined,
      (error: Error) => REDIRECTION.exec(error.message) ?? Promise.reject(error),
    )
    const [, host, port] = redirection ?? []
    return `${host || address.host}:${port ?? address.port}`
  })
}

async function withConnection(
  server: Server,
  clock: Clock,
  command: (client: Valkey) => Promise<string>,
): Promise<string> {
  const client = await openConnection(server, clock, FIND_TIMEOUT_MS)
  return inTime(command(client), clock, FIND_TIMEOUT_MS)
    .catch(error => Promise.reject(asRedisError(error)))
    .finally(() => client.disconnect())
}
