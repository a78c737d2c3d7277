import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { startAll } from './pages-support.ts'
import { skip } from './support.ts'

const KEY = 'k'.repeat(32)

/** A server for another origin, with an empty page. */
async function startPage() {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>A page</title>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() }
}

/**
 * A script that fetches this URL. Returns what the page can read, or `blocked` if the browser denies
 * access.
 */
const fetching = (url: string, headers: Record<string, string> = {}) => `
  fetch(${JSON.stringify(url)}, { headers: ${JSON.stringify(headers)}, cache: 'no-store' })
    .then(async response => ({
      status: response.status,
      etag: response.headers.get('etag'),
      cacheStatus: response.headers.get('cache-status'),
      total: (await response.json().catch(() => ({}))).total,
    }))
    .catch(() => 'blocked')`

t.test('pages from listed origins read responses in a real browser', { skip }, async t => {
  const [friend, stranger] = [await startPage(), await startPage()]
  t.teardown(() => {
    friend.close()
    stranger.close()
  })
  const environment = { CORS_ORIGINS: friend.origin, API_KEYS: `page:${KEY}` }
  const { browser, url } = await startAll(t, environment)
  const list = `${url}/users/smedjan/playlists`
  const authorization = `Bearer ${KEY}`
  const page = await browser.newPage()
  await page.goto(friend.origin)

  const answer = (await page.evaluate(fetching(list, { authorization }))) as { etag: string }
  t.match(answer, { status: 200, total: 120, etag: /^"/, cacheStatus: /playlist-proxy/ })
  t.match(await page.evaluate(fetching(list)), { status: 401 }, 'the page may read the problem')
  t.match(await page.evaluate(fetching(list, { authorization, 'if-none-match': answer.etag })), {
    status: 304,
  })
  t.match(await page.evaluate(fetching(`${list}?limit=x`, { authorization })), { status: 400 })

  await page.goto(stranger.origin)
  t.equal(await page.evaluate(fetching(list, { authorization })), 'blocked')
  t.equal(await page.evaluate(fetching(list)), 'blocked')
})
