import { isIP } from 'node:net'

/** Fastify's `trustProxy` option; the function returns whether to trust the nth hop. */
export type TrustProxy = boolean | string[] | ((address: string, hop: number) => boolean)

/** Parses `TRUST_PROXY` for Fastify; undefined if malformed. */
export function parseTrustProxy(value: string): TrustProxy | undefined {
  if (value === 'true' || value === 'false') return value === 'true'
  if (/^\d{1,3}$/.test(value)) return (_address, hop) => hop < Number(value)
  const ranges = value.split(',').map(range => range.trim())
  return ranges.every(isAddressRange) ? ranges : undefined
}

function isAddressRange(range: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(range)) return true
  const [address = '', prefix = '1', ...rest] = range.split('/')
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] as number
  // Fastify refuses /0; `true` means all addresses.
  return rest.length === 0 && /^[1-9]\d*$/.test(prefix) && Number(prefix) <= bits
}
