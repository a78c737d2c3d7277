import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { startService } from '../../support/service.ts'

t.test('the service serves openapi.yaml unchanged', async t => {
  const { get } = await startService(t)
  const response = await get('/openapi.yaml')
  t.equal(response.headers['content-type'], 'application/yaml')
  t.equal(response.body, readFileSync('openapi.yaml', 'utf8'))
  const etag = String(response.headers.etag)
  t.equal((await get('/openapi.yaml', { 'if-none-match': etag })).statusCode, 304)
})

t.test('with PUBLIC_URL, the OpenAPI servers are its path and the full URL', async t => {
  const { get } = await startService(t, { PUBLIC_URL: "https://lists.example/b'$&/" })
  const { servers, ...rest } = parse((await get('/openapi.yaml')).body)
  t.same(
    servers.map(({ url }: { url: string }) => url),
    ["/b'$&", "https://lists.example/b'$&"],
    'the API reference uses the first one, which is relative to the document',
  )
  const { servers: plain, ...same } = parse(readFileSync('openapi.yaml', 'utf8'))
  t.match(plain, [{ url: '/' }])
  t.same(rest, same)
})

t.test('if PUBLIC_URL has no path, the first OpenAPI server is still relative', async t => {
  const { get } = await startService(t, { PUBLIC_URL: 'https://lists.example' })
  const { servers } = parse((await get('/openapi.yaml')).body)
  t.match(servers, [{ url: '/' }, { url: 'https://lists.example' }])
})

t.test(
  'behind a proxy with a path prefix, the API reference loads files below the prefix',
  async t => {
    const { get } = await startService(t, { PUBLIC_URL: 'https://lists.example/base' })
    const { body } = await get('/docs')
    const paths = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => String(path))
    t.ok(paths.length > 3)
    for (const path of paths) t.match(path, /^\/base\/docs\/static\//)
  },
)

t.test('the API reference serves all files and reads openapi.yaml', async t => {
  const { app, get } = await startService(t)
  const page = await get('/docs/')
  t.equal(page.statusCode, 200)
  t.match(page.headers['content-security-policy'], /^default-src 'none'; connect-src 'self'/)
  t.notMatch(page.body, /https?:/)
  for (const [, path] of page.body.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const { pathname } = new URL(String(path), 'http://h/docs/')
    t.equal((await get(pathname)).statusCode, 200, pathname)
  }
  for (const [path, target] of [
    ['/docs/json', '/openapi.yaml'],
    ['/docs/yaml', '/openapi.yaml'],
    ['/docs/static/index.html', '/docs/'],
    ['/docs/static/index.html?x=//evil.example', '/docs/'],
  ] as const) {
    const { statusCode, headers } = await get(path)
    t.equal(statusCode, 302)
    const { href } = new URL(String(headers.location), `http://h/base${path}`)
    t.equal(href, `http://h/base${target}`, 'the reference is relative')
  }
  t.equal((await app.inject({ method: 'HEAD', url: '/docs' })).statusCode, 200)
  t.match((await get('/docs/none.js')).json(), { type: '/problems/not-found' })
})

t.test('clients revalidate the API reference and its redirects each time', async t => {
  const { get } = await startService(t)
  for (const path of ['/docs', '/docs/', '/docs/json', '/docs/yaml']) {
    t.equal((await get(path)).headers['cache-control'], 'no-cache', path)
  }
  t.equal((await get('/docs/none.js')).headers['cache-control'], 'no-store')
  t.match((await get('/docs/static/swagger-ui.css')).headers, { 'cache-control': /./, etag: /./ })
})
