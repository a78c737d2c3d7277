import { Type } from 'typebox'
import { credentialWithout, MARKS, url } from './value-types.ts'

/** Variables for linked accounts, included in the schema. */
export const linkVariables = {
  LINKS_FILE: Type.Optional(
    Type.String({
      description: 'file that keeps linked accounts; its folder must be writable',
      $comment:
        'Turns linked accounts on. The refresh tokens in it are encrypted with a key derived from the client secret. Only one instance can use the file, so it excludes `SHARED_CACHE_URL`.',
    }),
  ),
  ADMIN_KEYS: Type.Optional(
    Type.String({
      description:
        'API keys of administrators, who invite owners, list linked accounts and unlink them; same format as API_KEYS',
      $comment: 'Required with `LINKS_FILE`. The keys of administrators are API keys as well.',
    }),
  ),
  LINKS_REDIRECT_URI: Type.Optional(
    Type.String({
      description:
        'redirect URI that the Spotify dashboard has for the app: https, or http with [::1] or 127.0.0.1',
      $comment:
        'Without it, the redirect URI is `/link/callback` below `PUBLIC_URL` or else `http://127.0.0.1:PORT`. The service logs the redirect URI at the start. Its path must end with `/link/callback`, and Spotify compares every character.',
    }),
  ),
  LINKS_PRIVACY_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^/?#@\\s]+(?:[/?#]\\S*)?$',
      description: 'http(s) URL of your privacy policy, which owners see before they agree',
    }),
  ),
  LINKS_PREVIOUS_CLIENT_SECRET: Type.Optional(
    Type.String({
      pattern: credentialWithout(MARKS),
      description:
        'client secret before the last change, with which the service still decrypts LINKS_FILE: the same characters as SPOTIFY_CLIENT_SECRET',
      $comment:
        'The service re-encrypts the file with the current secret at the start. The addresses of pages that owners got before the change stop working when you remove the variable.',
    }),
  ),
  SPOTIFY_AUTHORIZE_URL: url('http(s) URL of the page on which owners agree', {
    default: 'https://accounts.spotify.com/authorize',
  }),
}
