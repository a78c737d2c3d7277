/** For these, NAME_FILE may name a file with the value of NAME, such as a Docker secret. */
export const SECRET_NAMES = [
  'SPOTIFY_CLIENT_ID',
  'SPOTIFY_CLIENT_SECRET',
  'API_KEYS',
  'ADMIN_KEYS',
  'LINKS_PREVIOUS_CLIENT_SECRET',
  'SHARED_CACHE_URL',
] as const
