import { isIP } from 'node:net'

/** What Fastify takes as `trustProxy`; the function tells whether the nth hop is trusted. */
export type TrustProxy = boolean | string[] | ((address: string, hop: number) => boolean)

/** The value of `TRUST_PROXY` as Fastify takes it; undefined when it means nothing. */
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
  // All addresses, /0, is what `true` says, and Fastify refuses it as a range.
  return rest.length === 0 && /^[1-9]\d*$/.test(prefix) && Number(prefix) <= bits
}
