import t from 'tap'
import { Problem } from '../../src/problems/problem.ts'
import { parseUserId, userIdSegment } from '../../src/user-id/user-id.ts'

function refusalOf(pasted: string): Problem {
  try {
    const id = parseUserId(pasted)
    throw new Error(`was accepted as ${JSON.stringify(id)}`)
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

t.test('parseUserId returns a user id unchanged, even with odd characters', async t => {
  for (const id of [
    'smedjan',
    'wizzler-2',
    '#mimble!',
    'abc+xyz',
    'spotify_españa',
    '1162778013',
    '0',
    'first.last',
    'with space',
    '50%',
    'question?mark',
    'colon:in:it',
    'user:bob',
    '日本語',
    '🎵',
  ]) {
    t.equal(parseUserId(id), id)
  }
})

t.test('parseUserId converts a user id to lower case', async t => {
  for (const [pasted, id] of [
    ['BoB', 'bob'],
    ['SPOTIFY_ESPAÑA', 'spotify_españa'],
    ['spotify:user:BoB', 'bob'],
    ['spotify:user:ESPA%C3%91A', 'españa'],
    ['https://open.spotify.com/user/BoB?si=AbC', 'bob'],
  ] as const) {
    t.equal(parseUserId(pasted), id, pasted)
  }
})

t.test('parseUserId returns the name in a user URI, decoded once', async t => {
  for (const [pasted, id] of [
    ['spotify:user:smedjan', 'smedjan'],
    ['SPOTIFY:USER:smedjan', 'smedjan'],
    ['spotify:user:1162778013', '1162778013'],
    ['spotify:user:spotify:playlist:37i9dQZF1DXcBWIGoYBM5M', 'spotify'],
    ['spotify:user:smedjan:collection', 'smedjan'],
    ['spotify:user:%23mimble%21', '#mimble!'],
    ['spotify:user:#mimble!', '#mimble!'],
    ['spotify:user:abc%2Bxyz', 'abc+xyz'],
    ['spotify:user:abc+xyz', 'abc+xyz'],
    ['spotify:user:spotify_espa%C3%B1a', 'spotify_españa'],
    ['spotify:user:spotify_españa', 'spotify_españa'],
    ['spotify:user:50%25', '50%'],
    ['spotify:user:smedjan%2E', 'smedjan.'],
    ['spotify:user:%2E%2E%2E', '...'],
  ] as const) {
    t.equal(parseUserId(pasted), id, pasted)
  }
})

t.test('parseUserId returns the name in a link to a profile or a page below it', async t => {
  for (const [pasted, id] of [
    ['https://open.spotify.com/user/smedjan', 'smedjan'],
    ['http://open.spotify.com/user/smedjan', 'smedjan'],
    ['HTTPS://Open.Spotify.com/user/smedjan', 'smedjan'],
    ['open.spotify.com/user/smedjan', 'smedjan'],
    ['https://play.spotify.com/user/smedjan', 'smedjan'],
    ['play.spotify.com/user/smedjan', 'smedjan'],
    ['https://open.spotify.com/intl-de/user/smedjan', 'smedjan'],
    ['https://open.spotify.com/intl-pt-BR/user/smedjan', 'smedjan'],
    ['https://open.spotify.com/user/smedjan?si=1a2b3c4d5e', 'smedjan'],
    ['https://open.spotify.com/intl-de/user/smedjan?si=1a2b&nd=1', 'smedjan'],
    ['https://open.spotify.com/user/smedjan/', 'smedjan'],
    ['https://open.spotify.com/user/smedjan/playlists', 'smedjan'],
    ['https://open.spotify.com/user/smedjan/playlists?si=1a2b', 'smedjan'],
    ['https://open.spotify.com/user/smedjan/playlist/37i9dQZF1DXcBWIGoYBM5M', 'smedjan'],
    ['https://open.spotify.com/user/smedjan#top', 'smedjan'],
    ['https://open.spotify.com/user/%23mimble%21', '#mimble!'],
    ['https://open.spotify.com/user/%23mimble!?si=1#x', '#mimble!'],
    ['https://open.spotify.com/user/abc%2Bxyz', 'abc+xyz'],
    ['https://open.spotify.com/user/spotify_espa%C3%B1a/playlists', 'spotify_españa'],
    ['https://open.spotify.com/user/spotify_españa', 'spotify_españa'],
  ] as const) {
    t.equal(parseUserId(pasted), id, pasted)
  }
})

const refusals: [what: string, hint: RegExp, pasted: string[]][] = [
  [
    'a text without a name',
    /is empty/,
    [
      '',
      ' ',
      '\u3000',
      '\n',
      'spotify:user:',
      'spotify:user::playlist:1',
      'open.spotify.com/user/',
    ],
  ],
  ['the path segment for this folder', /"\." and "\.\."/, ['.', 'spotify:user:.']],
  [
    'the path segment for the folder above',
    /"\." and "\.\."/,
    ['..', 'spotify:user:%2e%2e', 'https://open.spotify.com/user/..'],
  ],
  [
    'a slash inside the id',
    /cannot contain "\/"/,
    [
      'a/b',
      '/',
      '../admin',
      'spotify:user:a%2Fb',
      'spotify:user:a/b',
      'open.spotify.com/user/a%2fb',
    ],
  ],
  [
    'control characters',
    /cannot contain control characters/,
    [
      'a\u0000',
      '\u0000a',
      'a\nb',
      '\u007f',
      'a\u0085b',
      'spotify:user:a%00',
      'spotify:user:a%0D%0Ab',
    ],
  ],
  ['half a surrogate pair', /not valid Unicode/, ['\ud800', 'a\udc00b', 'spotify:user:a\ud83c']],
  [
    'a link or URI of something else',
    /not the link or URI of a Spotify user/,
    [
      'spotify:playlist:37i9dQZF1DXcBWIGoYBM5M',
      'spotify:track:11dFghVXANMlKmJXsNCbNl',
      'spotify:user',
      'spotify:',
      'https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M?si=1',
      'open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M',
      'https://open.spotify.com/intl-de/artist/0TnOYISbd1XYRBk9myaseg',
      'https://open.spotify.com/user',
      'https://open.spotify.com',
      'open.spotify.com',
      'play.spotify.com/',
      'https://example.org/user/smedjan',
      'https://open.spotify.com.example.org/user/smedjan',
      'https://example.org/open.spotify.com/user/smedjan',
      'ftp://open.spotify.com/user/smedjan',
    ],
  ],
  [
    'a link or URI inside a link or URI',
    /itself a link or URI/,
    [
      'spotify:user:spotify%3Auser%3Abob',
      'spotify:user:spotify%3Atrack%3A1',
      'spotify:user:open.spotify.com',
      'https://open.spotify.com/user/https%3A%2F%2Fexample.org',
    ],
  ],
  [
    'a broken percent-escape inside a URI or link',
    /broken percent-escape/,
    [
      'spotify:user:50%',
      'spotify:user:%zz',
      'https://open.spotify.com/user/a%2',
      'spotify:user:%ff',
    ],
  ],
]

for (const [what, hint, inputs] of refusals) {
  t.test(`parseUserId refuses ${what}, with a hint`, async t => {
    for (const pasted of inputs) {
      const problem = refusalOf(pasted)
      t.equal(problem.type, 'invalid-user-id', JSON.stringify(pasted))
      t.match(problem.message, /^Parameter "id": /)
      t.match(problem.message, hint)
      t.match(problem.message, /"Copy link to profile" .* percent-encoded/, 'a hint')
    }
  })
}

t.test('blanks around an id and a trailing query are removed', async t => {
  for (const pasted of [' bob', 'bob  ', ' https://open.spotify.com/user/bob ']) {
    t.equal(parseUserId(pasted), 'bob', JSON.stringify(pasted))
  }
  t.equal(parseUserId('spotify:user:bob?si=1a2b'), 'bob')
  t.equal(parseUserId('//open.spotify.com/user/bob'), 'bob')
  t.equal(parseUserId('a b'), 'a b', 'a blank within the name')
})

t.test('a refusal never echoes the text and keeps the cause for the log', async t => {
  const problem = refusalOf('spotify:user:canary%')
  t.notMatch(problem.message, /canary/)
  t.type(problem.cause, URIError)
  t.notOk('cause' in refusalOf('canary/'), 'no cause without an error')
})

t.test('a canonical user id has at most 256 bytes in UTF-8', async t => {
  for (const [bytes, id] of [
    [255, 'a'.repeat(255)],
    [256, 'a'.repeat(256)],
    [256, 'ñ'.repeat(128)],
    [256, '🎵'.repeat(64)],
  ] as const) {
    t.equal(Buffer.byteLength(id), bytes)
    t.equal(parseUserId(id), id)
    t.equal(parseUserId(`spotify:user:${encodeURIComponent(id)}`), id, 'escapes do not count')
    t.equal(parseUserId(`https://open.spotify.com/user/${id}?si=${id}`), id, 'nor does the link')
  }
  for (const id of ['a'.repeat(257), `${'ñ'.repeat(128)}a`, '🎵'.repeat(65)]) {
    for (const pasted of [id, `spotify:user:${encodeURIComponent(id)}`]) {
      t.match(refusalOf(pasted).message, /at most 256 bytes/)
    }
  }
  // U+0130 has two bytes, but three in lower case.
  t.match(refusalOf('\u0130'.repeat(128)).message, /at most 256 bytes/)
})

t.test('userIdSegment encodes a user id as one path segment', async t => {
  for (const [id, segment] of [
    ['smedjan', 'smedjan'],
    ['#mimble!', '%23mimble!'],
    ['abc+xyz', 'abc%2Bxyz'],
    ['spotify_españa', 'spotify_espa%C3%B1a'],
    ['a?b&c=d', 'a%3Fb%26c%3Dd'],
    ['%2e%2e', '%252e%252e'],
  ] as const) {
    t.equal(userIdSegment(id), segment)
  }
})
