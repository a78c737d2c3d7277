import { Type } from 'typebox'
import { credentialWithout, MARKS, url } from './value-types.ts'

/** Variables for linked accounts, included in the schema. */
export const linkVariables = {
  LINKS_FILE: Type.Optional(
    Type.String({
      description: 'file for linked accounts; the folder must be writable',
      $comment:
        'Turns on linked accounts. The refresh tokens in the file are encrypted with a key derived from the client secret. Only one instance can use the file, so it cannot be combined with `SHARED_CACHE_URL`.',
    }),
  ),
  ADMIN_KEYS: Type.Optional(
    Type.String({
      description:
        'API keys for administrators, who invite owners, list linked accounts and unlink them; same format as API_KEYS',
      $comment: 'Required with `LINKS_FILE`. Admin keys are API keys as well.',
    }),
  ),
  LINKS_REDIRECT_URI: Type.Optional(
    Type.String({
      description:
        'redirect URI from the Spotify dashboard: https, or http with [::1] or 127.0.0.1',
      $comment:
        'Without it, the redirect URI is `/link/callback` below `PUBLIC_URL` or otherwise `http://127.0.0.1:PORT`. The service logs the redirect URI at startup. The path must end with `/link/callback`, and Spotify compares every character.',
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
        'previous client secret, for decrypting LINKS_FILE; same format as SPOTIFY_CLIENT_SECRET',
      $comment:
        'The service re-encrypts the file with the current secret at startup. Page addresses sent to owners before the change stop working when you remove the variable.',
    }),
  ),
  SPOTIFY_AUTHORIZE_URL: url('http(s) URL of the page where owners agree', {
    default: 'https://accounts.spotify.com/authorize',
  }),
}
