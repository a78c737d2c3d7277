import type { Config } from './schema.ts'

/** The callback path, below the `PUBLIC_URL` path. */
const CALLBACK_PATH = '/link/callback'

/**
 * Returns why Spotify would refuse a redirect URI, or why the URI would not lead to this service's
 * callback; undefined if the URI is fine. Spotify requires https, or http with a literal loopback address,
 * never `localhost`, and compares character by character.
 * https://developer.spotify.com/documentation/web-api/concepts/redirect_uri
 */
export function redirectUriFault(uri: string): string | undefined {
  if (!URL.canParse(uri)) return 'not a URL'
  const { protocol, hostname, username, password, pathname } = new URL(uri)
  if (uri.includes('#')) return 'it must have no fragment'
  if (username !== '' || password !== '') return 'it must have no user and password'
  if (protocol !== 'https:' && protocol !== 'http:') {
    return 'it must begin with https:// or http://'
  }
  if (hostname === 'localhost') return 'Spotify refuses localhost; use 127.0.0.1 or [::1]'
  const isLoopback = hostname === '127.0.0.1' || hostname === '[::1]'
  if (protocol === 'http:' && !isLoopback) {
    return 'Spotify accepts http only for 127.0.0.1 and [::1]; use https'
  }
  return pathname.endsWith(CALLBACK_PATH) ? undefined : `its path must end with ${CALLBACK_PATH}`
}

/**
 * Returns the redirect URI for linked accounts: `LINKS_REDIRECT_URI`, or else a URI below `PUBLIC_URL` or
 * on this machine. It never comes from a request, since anybody can choose the `Host`. Undefined if the
 * port is only known once the service listens.
 */
export function redirectUriOf({
  LINKS_REDIRECT_URI,
  PUBLIC_URL,
  PORT,
}: Pick<Config, 'LINKS_REDIRECT_URI' | 'PUBLIC_URL' | 'PORT'>): string | undefined {
  if (LINKS_REDIRECT_URI !== undefined) return LINKS_REDIRECT_URI
  if (PUBLIC_URL !== undefined) return PUBLIC_URL.replace(/\/+$/, '') + CALLBACK_PATH
  return PORT === 0 ? undefined : `http://127.0.0.1:${PORT}${CALLBACK_PATH}`
}
