import t from 'tap'
import { redirectUriFault, redirectUriOf } from '../../src/config/redirect-uri.ts'

t.test('a redirect URI is https, or http with a literal loopback address', async t => {
  for (const uri of [
    'https://example.com/link/callback',
    'https://example.com:8443/a/link/callback?tenant=1',
    'http://127.0.0.1:3000/link/callback',
    'http://[::1]/link/callback',
  ]) {
    t.equal(redirectUriFault(uri), undefined, uri)
  }
  for (const [uri, fault] of [
    ['', /not a URL/],
    ['example.com/link/callback', /not a URL/],
    ['http://localhost:3000/link/callback', /refuses localhost/],
    ['https://localhost:3000/link/callback', /refuses localhost/],
    ['https://example.com', /path must end with \/link\/callback/],
    ['https://example.com/callback', /path must end with/],
    ['https://example.com/link/callback/', /path must end with/],
    ['https://example.com/link/Callback', /path must end with/],
    ['https://example.com/?to=/link/callback', /path must end with/],
    ['http://127.0.0.1:3000/', /path must end with/],
    ['http://example.com/link/callback', /only for 127\.0\.0\.1/],
    ['http://127.0.0.2/link/callback', /only for 127\.0\.0\.1/],
    ['http://[::2]/', /only for/],
    ['playlists://callback', /must begin with https/],
    ['https://example.com/#', /no fragment/],
    ['https://example.com/#a', /no fragment/],
    ['https://user@example.com/', /no user and password/],
    ['https://:secret@example.com/', /no user and password/],
  ] as const) {
    t.match(redirectUriFault(uri), fault, uri)
  }
})

t.test('the default redirect URI is below PUBLIC_URL, or on this machine', async t => {
  t.equal(
    redirectUriOf({ PUBLIC_URL: 'https://example.com/music//', PORT: 0 }),
    'https://example.com/music/link/callback',
  )
  t.equal(redirectUriOf({ PORT: 3000 }), 'http://127.0.0.1:3000/link/callback')
  t.equal(redirectUriOf({ PORT: 0 }), undefined)
})
