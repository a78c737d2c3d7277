import t from 'tap'
import { parseProxyUrl, proxyFor } from '../../src/config/proxy.ts'

t.test('parseProxyUrl returns origin and authorization', async t => {
  for (const [url, origin, credentials] of [
    ['http://proxy.example:3128', 'http://proxy.example:3128', undefined],
    ['http://proxy.example', 'http://proxy.example', undefined],
    ['https://proxy.example/', 'https://proxy.example', undefined],
    ['HTTP://Proxy.Example:80', 'http://proxy.example', undefined],
    ['http://[::1]:3128', 'http://[::1]:3128', undefined],
    ['http://user:secret@proxy.example:3128', 'http://proxy.example:3128', 'user:secret'],
    ['http://user@proxy.example', 'http://proxy.example', 'user:'],
    ['http://us%40er:p%3Aw%C3%A9@proxy.example', 'http://proxy.example', 'us@er:p:wé'],
  ] as const) {
    const authorization = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`
    t.strictSame(parseProxyUrl(url), { origin, authorization }, url)
  }
  for (const url of [
    '',
    'proxy.example:3128',
    '//proxy',
    'socks5://proxy',
    'http://',
    'http://a:%zz@b',
  ]) {
    t.equal(parseProxyUrl(url), undefined, url)
  }
})

const HTTPS_PROXY = 'http://secure:1'
const HTTP_PROXY = 'http://plain:2'
const https = new URL('https://api.spotify.com/v1')
const http = new URL('http://api.spotify.com/v1')
const originOf = (target: URL, variables: Parameters<typeof proxyFor>[1]) =>
  proxyFor(target, variables)?.origin

t.test('http and https have separate proxies, and https falls back to HTTP_PROXY', async t => {
  t.equal(originOf(https, { HTTPS_PROXY, HTTP_PROXY }), HTTPS_PROXY)
  t.equal(originOf(http, { HTTPS_PROXY, HTTP_PROXY }), HTTP_PROXY)
  t.equal(originOf(https, { HTTP_PROXY }), HTTP_PROXY)
  t.equal(originOf(http, { HTTPS_PROXY }), undefined)
  t.equal(originOf(https, { HTTPS_PROXY }), HTTPS_PROXY)
  t.equal(originOf(https, {}), undefined)
})

t.test('requests to hosts in NO_PROXY use no proxy', async t => {
  for (const [target, list, isDirect] of [
    [https, '*', true],
    [https, 'other.example, *', true],
    [https, 'api.spotify.com', true],
    [https, 'API.Spotify.com', true],
    [https, 'spotify.com', true],
    [https, '.spotify.com', true],
    [https, '*.spotify.com', true],
    [https, 'localhost,127.0.0.1,spotify.com', true],
    [https, 'localhost spotify.com', true],
    [https, 'api.spotify.com:443', true],
    [http, 'api.spotify.com:80', true],
    [new URL('http://a.example:8080'), '.example:8080', true],
    [new URL('http://[::1]:8080'), '::1', true],
    [new URL('http://[::1]:8080'), '[::1]', true],
    [new URL('http://[::1]:8080'), '[::1]:8080', true],
    [new URL('http://127.0.0.1:8080'), '127.0.0.1', true],
    [https, 'api.spotify.com:80', false],
    [http, 'api.spotify.com:443', false],
    [https, '*:80', false],
    [https, 'potify.com', false],
    [https, 'accounts.spotify.com', false],
    [https, 'x.api.spotify.com', false],
    [https, ' , ,', false],
    [https, '.', false],
    [https, '', false],
    [new URL('http://[::1]:8080'), '[::1]:80', false],
    [new URL('http://[::2]:8080'), '::1', false],
  ] as const) {
    const direct = originOf(target, { HTTPS_PROXY, HTTP_PROXY, NO_PROXY: list }) === undefined
    t.equal(direct, isDirect, `${target.host} with ${JSON.stringify(list)}`)
  }
})
