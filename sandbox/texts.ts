/** The name of collaborative playlists. */
export const COLLABORATIVE = '👩‍👩‍👧‍👦 family dinner'

/**
 * Realistic names; `%` becomes the playlist index. The unusual names break unprepared CSV, text lines,
 * spreadsheets and terminals.
 */
export const NAMES = [
  'Morning coffee %',
  'Songs to "borrow", part %',
  'rain; wind, and tea',
  'two\nlines',
  'tab\there',
  'carriage\r\nreturn',
  '🎧 late night drive 🌙 %',
  COLLABORATIVE,
  'أغاني الصباح %',
  'שירים לדרך',
  '=SUM(1,2)',
  '+1 for the weekend',
  '-minus-',
  '@home',
  '',
  '   padded   ',
  'Café del Sör – été %',
  "it's <b>bold</b> & loud",
  '夜のドライブ %',
  'back\\slash / slash',
  'zero\u200bwidth',
  'Liked in 2019 and never heard again, but kept because deleting things is hard (vol. %)',
  'chill %',
  'Running 170 bpm %',
] as const

/** Spotify sends descriptions HTML-escaped, with links in Spotify's own playlists. Most are empty. */
export const DESCRIPTIONS = [
  '',
  '',
  'Songs I can&#x27;t stop playing &amp; a few I should.',
  '',
  null,
  'For rain &#x2F; fog &#x2F; the last train home.',
  '',
  'Updated weekly. See also <a href="https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M">the hits</a>.',
  '',
  '&lt;3 &quot;mixed&quot; by hand',
] as const

/** Account names; null occurs in recorded responses. */
export const DISPLAY_NAMES = [
  'Kim',
  'Åsa Lindström',
  null,
  'DJ "Rewind"',
  'max',
  'מאיה',
  null,
  'Loud & Clear',
] as const
