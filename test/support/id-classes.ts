import fc from 'fast-check'

/** Odd but possible user names. */
export const ODD_NAMES = [
  '#mimble!',
  'abc+xyz',
  'a b',
  'a@b',
  "o'neil",
  'ann%lee',
  'ann\\lee',
  '(ann)',
  'q?x=1&y',
  '100%',
  '$ann$',
  'i <3 u',
  'l·l',
  '山田・太郎',
  'محمد',
  'می\u200cخواهم',
  'عل\u200dي',
  'iphone\u200cها',
  'क्\u200dष',
  '👨\u200d👩\u200d👧',
  'dj❤\ufe0f',
  '❤\ufe0f\u200d🔥x',
  '1\ufe0f\u20e3st',
  '葛\u{e0100}',
  '\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
] as const

/** White space and invisible characters. */
export const INVISIBLE = [
  ...'\t\n\v\f\r \u0085\u00a0\u1680\u2003\u2009\u202f\u205f\u3000\u2028\u2029',
  ...'\u00ad\u034f\u061c\u115f\u1160\u17b4\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e',
  ...'\u2060\u2061\u2066\u2069\u206f\u2800\u3164\ufe0f\ufeff\uffa0\ufff9\ufffb\ufffc',
  ...'\u{1d159}\u{e0001}\u{e0041}\u{e0100}',
]

/** Up to eight white-space or invisible characters. */
export const invisible = fc
  .array(fc.constantFrom(...INVISIBLE), { maxLength: 8 })
  .map(characters => characters.join(''))

/** An id no rule changes. */
export const plainId = fc.stringMatching(/^[a-z\d_-]{1,12}$/)

/** Returns every form of user link or URI. `encoded` is the percent-encoded id. */
export const LINK_FORMS: readonly ((encoded: string) => string)[] = [
  encoded => `spotify:user:${encoded}`,
  encoded => `spotify:user:${encoded}:playlist:37i9dQZF1DXcBWIGoYBM5M`,
  encoded => `spotify:user:${encoded}?si=0a1b&nd=1`,
  encoded => `spotify://user/${encoded}`,
  encoded => `https://open.spotify.com/user/${encoded}`,
  encoded => `https://open.spotify.com/user/${encoded}?si=0a1b&utm_source=copy-link`,
  encoded => `https://open.spotify.com/user/${encoded}/playlists#top`,
  encoded => `https://open.spotify.com/intl-de/user/${encoded}`,
  encoded => `https://open.spotify.com/embed/user/${encoded}/playlist/37i9dQZF1DXcBWIGoYBM5M`,
  encoded => `http://open.spotify.com:80/user/${encoded}`,
  encoded => `HTTPS://OPEN.SPOTIFY.COM:443/user/${encoded}`,
  encoded => `https:/open.spotify.com/user/${encoded}`,
  encoded => `//open.spotify.com/user/${encoded}`,
  encoded => `open.spotify.com/user/${encoded}`,
  encoded => `open.spotify.com./user/${encoded}`,
  encoded => `https://play.spotify.com/user/${encoded}`,
  encoded => `https://www.spotify.com/user/${encoded}`,
  encoded => `https://spotify.com/user/${encoded}`,
  encoded => `www.open.spotify.com/user/${encoded}`,
  encoded => `https://api.spotify.com/v1/users/${encoded}`,
  encoded => `https://api.spotify.com/v1/users/${encoded}/playlists?offset=0&limit=50`,
  encoded => `user/${encoded}`,
  encoded => `/user/${encoded}?si=1`,
  encoded => `/v1/users/${encoded}/playlists`,
]
