import { parse } from 'parse5'
import t from 'tap'
import { STYLE, STYLE_PATH } from '../../../src/http/pages/style.ts'
import { startService } from '../../support/service.ts'

t.test('the style sheet is cached for ever under the hash of its content', async t => {
  const { get } = await startService(t)
  const style = await get(STYLE_PATH)
  t.equal(style.body, STYLE)
  t.match(style.headers, {
    'content-type': 'text/css; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
  })
  const page = await get('/problems', { accept: 'text/html' })
  t.match(page.body, `<link rel="stylesheet" href="${STYLE_PATH}">`)
  const other = await get('/assets/style-0123456789ab.css')
  t.equal(other.body, STYLE, 'the page of another version gets it too')
  t.equal(other.headers['cache-control'], 'no-cache')
  for (const name of ['x', 'style.css', 'style-a.b.css', '..%2Fstyle', '%2e%2e%2fx', '__proto__']) {
    t.equal((await get(`/assets/${name}`)).statusCode, 404, name)
  }
})

t.test('icon and robots.txt need no key and are read-only', async t => {
  const { app, get } = await startService(t, { API_KEYS: `a:${'k'.repeat(32)}` })
  for (const path of ['/favicon.svg', '/favicon.ico']) {
    const { headers, body } = await get(path)
    t.match(headers, { 'content-type': 'image/svg+xml', 'cache-control': 'public, max-age=86400' })
    t.match(parse(body).childNodes.length, 1)
  }
  t.equal((await get('/robots.txt')).body, 'User-agent: *\nDisallow: /\n')
  t.equal((await get(STYLE_PATH)).statusCode, 200)
  for (const url of ['/favicon.svg', '/robots.txt', STYLE_PATH]) {
    const { statusCode } = await app.inject({ method: 'POST', url })
    t.equal(statusCode, 405)
  }
})
