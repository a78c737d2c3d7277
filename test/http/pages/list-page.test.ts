import fc from 'fast-check'
import { type DefaultTreeAdapterTypes, parse } from 'parse5'
import t from 'tap'
import { playlist } from '../../../sandbox/playlist.ts'
import { html } from '../../../src/http/pages/html.ts'
import { instant } from '../../../src/http/pages/instant.ts'
import { type ListPageOptions, listPage } from '../../../src/http/pages/list-page.ts'
import { counted } from '../../../src/http/pages/numbers.ts'
import { playlistCard } from '../../../src/http/pages/playlist-card.ts'

const USER = 'smedjan'

function pageOf(playlists: readonly unknown[], options: Partial<ListPageOptions> = {}): string {
  const { start, end } = listPage({
    userId: USER,
    basePath: '',
    path: `/users/${USER}/playlists`,
    canonicalUrl: undefined,
    playlists,
    from: 0,
    to: playlists.length,
    total: playlists.length,
    limit: 50,
    namesFormat: false,
    generatedAt: Date.UTC(2026, 10, 3, 4, 5),
    state: 'fresh',
    complete: true,
    explanation: undefined,
    ...options,
  })
  return String(html`${start}${playlists.map(entry => playlistCard(entry, USER))}${end}`)
}

/** The page elements with their attribute names, in order. */
function elementsOf(text: string): string[] {
  const walk = (node: DefaultTreeAdapterTypes.Node): string[] => [
    'tagName' in node ? `${node.tagName} ${node.attrs.map(({ name }) => name).join(' ')}` : '',
    ...('childNodes' in node ? node.childNodes.flatMap(walk) : []),
    ...(node.nodeName === '#comment' ? ['comment'] : []),
  ]
  return walk(parse(text)).filter(name => name !== '')
}

/** Texts that break out of elements, attributes and scripts. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '</title>',
          '<script>',
          '</script>',
          '<!--',
          '-->',
          ']]>',
          '<b',
          '"',
          "'",
          '>',
        ),
        fc.constantFrom(
          '&',
          '&lt;',
          '&#x3c;b&#62;',
          '\0',
          '\u202e',
          '\u2069',
          '\ud800',
          '`',
          '=',
          '{{x}}',
        ),
        fc.constantFrom(
          ' onerror=x',
          'javascript:x',
          '</li></ul></main>',
          '<base href=//x>',
          '\r\n',
        ),
      ),
      { maxLength: 6 },
    )
    .map(pieces => pieces.join('')),
)

/** A playlist with this text in all members shown or linked on a page. */
const playlistWith = (text: string) => ({
  ...playlist(USER, 2),
  // The `x` is always visible: an empty name or description has other elements.
  name: `x${text}`,
  description: `x${text}`,
  id: text,
  uri: text,
  external_urls: { spotify: text },
  images: [{ url: text, width: 300, height: 300 }],
  owner: { id: `x${text}`, display_name: `x${text}` },
  collaborative: text,
  tracks: { total: text },
  items: { total: text },
})

t.test('text from Spotify never changes the page elements', async t => {
  const withOwn = (text: string) => [
    playlistWith(text),
    { ...playlistWith(text), owner: { id: USER, display_name: `x${text}` } },
    {
      ...playlist(USER, 2),
      external_urls: { spotify: `https://open.spotify.com/playlist/${text}` },
      images: [{ url: `https://i.scdn.co/image/${text}`, width: 300, height: 300 }],
    },
  ]
  const harmless = elementsOf(pageOf(withOwn('harmless')))
  t.ok(harmless.includes('meta property content') && harmless.includes('a href'))
  fc.assert(
    fc.property(hostile, text => {
      t.strictSame(elementsOf(pageOf(withOwn(text))), harmless, JSON.stringify(text))
    }),
    { numRuns: 500 },
  )
})

t.test('a playlist has a link, a cover, facts and a description', async t => {
  const full = {
    ...playlist('wizzler', 2),
    name: 'rain & tea',
    images: [{ url: 'https://i.scdn.co/x', width: null }],
    items: { total: 1234 },
    owner: { id: 'wizzler', display_name: 'The Wizzler' },
    collaborative: true,
    description: 'For rain &amp; fog',
    external_urls: { spotify: 'https://open.spotify.com/playlist/x' },
  }
  const card = String(playlistCard(full, USER))
  t.match(card, '<a href="https://open.spotify.com/playlist/x">rain &#38; tea</a>')
  t.match(
    card,
    /<img src="https:\/\/i\.scdn\.co\/x" alt="" loading="lazy" [^>]*width="300" height="300">/,
  )
  t.match(card, '<p>1,234 tracks · by <bdi>The Wizzler</bdi> · collaborative</p>')
  t.match(card, '<p dir="auto">For rain &#38; fog</p>')
  t.match(
    String(playlistCard({ ...full, items: null }, 'wizzler')),
    /<p>\d+ tracks · collaborative/,
  )
  const ownerless = { ...full, owner: { id: 'wizzler', display_name: null } }
  t.match(String(playlistCard(ownerless, USER)), 'by <bdi>wizzler</bdi>')
})

t.test('a playlist without usable members gets a placeholder name and cover', async t => {
  for (const odd of [
    {},
    null,
    7,
    { owner: 7, images: 7, items: 7, name: [] },
    { owner: { id: ' ' } },
  ]) {
    const card = String(playlistCard(odd, USER))
    t.match(card, '<div class="cover"></div>\n<h2 dir="auto">Playlist without a name</h2>')
    t.notMatch(card, /<p|<a|undefined|null/)
  }
  for (const total of [-1, 1.5, '7', 1e300]) {
    t.notMatch(String(playlistCard({ tracks: { total } }, USER)), 'track')
  }
})

t.test('the list page names the user, by display name if a playlist has it', async t => {
  const other = { owner: { id: 'kim', display_name: 'Kim' } }
  const anonymous = { owner: { id: USER, display_name: null } }
  const plain = pageOf([other, anonymous])
  t.match(plain, '<title>Playlists of smedjan · Playlist proxy</title>')
  t.match(plain, '<h1>Playlists of <bdi>smedjan</bdi></h1>')
  const named = pageOf([other, { owner: { id: 'SMEDJAN', display_name: 'Sme\u202edjan' } }])
  t.match(named, '<title>Playlists of Smedjan (smedjan) · Playlist proxy</title>')
  t.match(named, '<h1>Playlists of <bdi>Sme\u202edjan</bdi> <small>smedjan</small></h1>')
})

t.test('the list page has the metadata for previews in other programs', async t => {
  const cover = { images: [{ url: 'https://i.scdn.co/x', width: null }] }
  const canonicalUrl = 'https://lists.example/users/smedjan/playlists'
  const page = pageOf([{}, cover, cover], { canonicalUrl })
  for (const [property, content] of [
    ['og:title', 'Playlists of smedjan'],
    ['og:image', 'https://i.scdn.co/x'],
    ['og:description', '3 public playlists on Spotify'],
    ['og:url', canonicalUrl],
  ]) {
    t.match(page, `<meta property="${property}" content="${content}">`)
  }
  t.match(page, `<link rel="canonical" href="${canonicalUrl}">`)
  t.notMatch(pageOf([{}]), /og:image|og:url|canonical/)
})

t.test('the list page says when the list was read, and what might be wrong with it', async t => {
  const fresh = pageOf([{}])
  t.match(fresh, '<time datetime="2026-11-03T04:05:00.000Z">3 Nov 2026, 04:05 UTC</time>')
  t.notMatch(fresh, 'class="note"')
  t.match(pageOf([{}], { state: 'stale' }), 'This list is out of date')
  const failed = pageOf([{}], { state: 'spotify-rate-limited', complete: false })
  t.match(failed, 'Spotify limits the request rate of this app.')
  t.match(failed, 'may be incomplete')
  t.equal(
    String(instant(0)),
    '<time datetime="1970-01-01T00:00:00.000Z">1 Jan 1970, 00:00 UTC</time>',
  )
  t.equal(counted(1_234_567, 'track'), '1,234,567 tracks')
  t.equal(counted(1, 'track'), '1 track')
})

t.test('a page with part of a list links to the previous and next pages', async t => {
  const partOf = (...given: Parameters<typeof pageOf>) =>
    pageOf(...given)
      .replaceAll('&#38;', '&')
      .replaceAll('&#61;', '=')
  const middle = partOf([{}, {}], { from: 30, to: 32, total: 1234, limit: 2, basePath: '/base' })
  t.match(middle, '31 to 32 of 1,234 public playlists')
  t.match(middle, '<a rel="prev" href="/base/users/smedjan/playlists?limit=2&offset=28">')
  t.match(middle, '<a rel="next" href="/base/users/smedjan/playlists?limit=2&offset=32">')
  t.match(middle, '<a href="/base/users/smedjan/playlists?format=csv">CSV</a>')
  const first = partOf([{}], { total: 2, limit: 1, namesFormat: true })
  t.match(first, 'href="/users/smedjan/playlists?limit=1&offset=1&format=html"')
  t.notMatch(first, 'rel="prev"')
  const last = partOf([{}], { from: 1, to: 2, total: 2, limit: 50 })
  t.match(last, 'rel="prev" href="/users/smedjan/playlists?limit=50&offset=0"')
  t.notMatch(last, 'rel="next"')
  t.notMatch(partOf([{}]), 'class="pages"')
  t.match(last, 'Number 2 of 2 public playlists')
  const past = partOf([], { from: 2, to: 2, total: 2 })
  t.match(past, 'number 3 on. <a href="/users/smedjan/playlists?limit=50&offset=0">')
  t.match(past, 'rel="prev"')
})
