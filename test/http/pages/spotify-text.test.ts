import t from 'tap'
import {
  coverUrl,
  plainText,
  spotifyUrl,
  visibleText,
  withoutBidiControls,
} from '../../../src/http/pages/spotify-text.ts'

t.test('a text without visible characters counts as absent', async t => {
  for (const value of [undefined, null, 7, '', ' \n', '\u200b\u2060', '\u202e', '\u3164\ufe0f']) {
    t.equal(visibleText(value), undefined, JSON.stringify(value))
  }
  for (const value of ['a', ' padded ', '🎧', '-', 'א\u202e']) t.equal(visibleText(value), value)
  t.equal(withoutBidiControls('\u202ea\u2066b\u2069\u200fc'), 'abc')
})

t.test('a description becomes plain text', async t => {
  for (const [description, text] of [
    ['can&#x27;t &amp; won&#39;t', "can't & won't"],
    ['See <a href="https://open.spotify.com/x">the <b>hits</b></a>.', 'See the hits.'],
    ['&lt;3 &quot;mixed&quot;', '<3 "mixed"'],
    ['&amp;lt;b&amp;gt;', '&lt;b&gt;'],
    ['1 < 2 > 0, <3', '1 < 2 > 0, <3'],
    ['<a href=spotify:playlist:x>', undefined],
    ['&nbsp;&#8203;', undefined],
    [null, undefined],
    [{}, undefined],
  ] as const) {
    t.equal(plainText(description), text, String(description))
  }
})

t.test('only https URLs on Spotify hosts become links', async t => {
  for (const url of ['https://open.spotify.com/playlist/x', 'https://spotify.com/']) {
    t.equal(spotifyUrl(url), url)
  }
  t.equal(spotifyUrl('https://open.spotify.com/"><b>'), 'https://open.spotify.com/%22%3E%3Cb%3E')
  for (const url of [
    undefined,
    null,
    7,
    '',
    '/playlist/x',
    'javascript:alert(1)//https://open.spotify.com/',
    'data:text/html,x',
    'http://open.spotify.com/',
    'https://open.spotify.com.evil.example/',
    'https://notspotify.com/',
    'https://evil.example/open.spotify.com',
    'https://open.spotify.com@evil.example/',
    'https://user@open.spotify.com/',
    'https://:password@open.spotify.com/',
    'https://open.spotify.com:8443/',
    '//open.spotify.com/',
  ]) {
    t.equal(spotifyUrl(url), undefined, String(url))
  }
})

t.test('the cover is the smallest image of sufficient size', async t => {
  const image = (width: unknown, url: unknown = `https://i.scdn.co/${width}`) => ({ url, width })
  for (const [images, url] of [
    [[image(640), image(300), image(60)], 'https://i.scdn.co/300'],
    [[image(60), image(640)], 'https://i.scdn.co/640'],
    [[image(64), image(32)], 'https://i.scdn.co/64'],
    [[image(null)], 'https://i.scdn.co/null'],
    [[image(640, 'javascript:alert(1)'), image(60)], 'https://i.scdn.co/60'],
    [[image(300, 'http://127.0.0.1:4100/a b"')], 'http://127.0.0.1:4100/a%20b%22'],
    [
      [image(300, 'data:image/png;base64,x'), image(300, 'x'), image(300, null), null, 7],
      undefined,
    ],
    [[], undefined],
    [null, undefined],
    [{ 0: image(300) }, undefined],
  ] as const) {
    t.equal(coverUrl(images), url, JSON.stringify(images))
  }
})
