import { percentEncoded } from '../../lib/percent-encoding.ts'

/**
 * The `Content-Disposition` with which a browser or `curl -OJ` saves a user's list under the user's
 * name (RFC 6266): one name for readers of ASCII and, where the id has other characters, the whole
 * one encoded (RFC 8187).
 */
export function downloadAs(userId: string, extension: string): string {
  const name = `${userId}-playlists.${extension}`
  const ascii = name.replace(/[^\w.-]/g, '_').replace(/^\./, '_')
  const plain = `attachment; filename="${ascii}"`
  return ascii === name ? plain : `${plain}; filename*=UTF-8''${percentEncoded(name)}`
}
