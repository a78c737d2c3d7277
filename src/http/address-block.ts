import { isIP } from 'node:net'

/**
 * The block of addresses that counts as one caller: an IPv4 address, but of IPv6 the first 64 bits,
 * since the rest is for the host to choose (RFC 4291 2.5.1): it has more addresses than anybody can
 * count. What is no address, as a proxy that is trusted blindly may pass on, is one caller together.
 */
export function addressBlock(address: string | undefined): string {
  const [bare = ''] = (address ?? '').split('%')
  // How IPv4 looks on a socket that listens for both.
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1]
  const version = isIP(mapped ?? bare)
  if (version === 0) return 'unknown'
  return version === 4 ? (mapped ?? bare) : `${groupsOf(bare).slice(0, 4).join(':')}::/64`
}

/** All eight groups of an IPv6 address, however it is written. */
function groupsOf(address: string): string[] {
  // The URL parser writes it in the one canonical form (RFC 5952).
  const [left = '', right = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (part: string) => part.split(':').filter(group => group !== '')
  const first = groups(left)
  const last = groups(right)
  return [...first, ...Array(8 - first.length - last.length).fill('0'), ...last]
}
