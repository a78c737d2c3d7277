import t from 'tap'
import { STYLE_PATH } from '../../../src/http/pages/style.ts'
import { problems } from '../../../src/problems/catalog.ts'
import { startService } from '../../support/service.ts'

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

/** The text as it appears in the HTML, without code marks. */
const shown = (text: string) =>
  text.replaceAll('`', '').replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)

t.test('every problem has a page, as HTML for browsers and as Markdown for terminals', async t => {
  const { get } = await startService(t)
  const index = await get('/problems')
  for (const [type, { status, title, meaning, caller, operator }] of Object.entries(problems)) {
    const path = `/problems/${type}`
    const markdown = await get(path, { accept: '*/*' })
    t.equal(markdown.headers['content-type'], 'text/markdown; charset=utf-8')
    const html = await get(path, { accept: BROWSER })
    t.equal(html.headers['content-type'], 'text/html; charset=utf-8')
    const plainHtml = html.body.replace(/<\/?code>/g, '')
    for (const text of [title, type, String(status), meaning, caller, operator]) {
      t.ok(markdown.body.includes(text), `${type}: ${text}`)
      t.ok(plainHtml.includes(shown(text)))
    }
    t.match(index.body, `[${type}](${path}): ${status}: ${title}`)
  }
  const list = await get('/problems', { accept: BROWSER })
  t.match(
    list.body,
    '<td>504</td><td><a href="/problems/not-stored">No usable list in the cache</a></td><td><code>not-stored</code></td>',
  )
})

t.test("a problem's type is the URI of its page", async t => {
  const { get } = await startService(t)
  const { type, title } = (await get('/users/%20/playlists')).json()
  const page = await get(type)
  t.equal(page.statusCode, 200)
  t.match(page.body, `# ${title}`)
})

t.test('the pages about problems are HTML only if Accept names HTML', async t => {
  const { get } = await startService(t)
  for (const [accept, type] of [
    [undefined, 'text/markdown'],
    ['', 'text/markdown'],
    ['text/*', 'text/markdown'],
    ['application/json', 'text/markdown'],
    ['text/html', 'text/html'],
    ['TEXT/HTML', 'text/html'],
    ['text/html;q=0.5, text/markdown', 'text/markdown'],
    ['text/html, */*;q=0.1', 'text/html'],
  ] as const) {
    const { headers } = await get('/problems', accept === undefined ? {} : { accept })
    t.match(headers['content-type'], type, String(accept))
    t.equal(headers.vary, 'Accept')
  }
})

t.test(
  'the pages about problems have an entity tag, no script, and load only the style sheet',
  async t => {
    const { app, get } = await startService(t)
    const page = await get('/problems/not-found', { accept: BROWSER })
    t.match(page.headers, {
      'content-security-policy': /^default-src 'none'; style-src 'self';/,
      'referrer-policy': 'no-referrer',
    })
    t.notMatch(page.body, /<script|<style|src=|style=|https?:/)
    const etag = String(page.headers.etag)
    const again = await get('/problems/not-found', { accept: BROWSER, 'if-none-match': etag })
    t.equal(again.statusCode, 304)
    t.equal(again.headers['cache-control'], 'no-cache')
    const other = await get('/problems/not-found', { 'if-none-match': etag })
    t.equal(other.statusCode, 200, 'the Markdown has another tag')
    const dated = { 'if-modified-since': new Date(Date.UTC(2099, 0)).toUTCString() }
    t.equal((await get('/problems', dated)).statusCode, 200)
    const head = await app.inject({ method: 'HEAD', url: '/problems' })
    t.equal(head.body, '')
    t.equal(head.headers['content-length'], (await get('/problems')).headers['content-length'])
  },
)

t.test('the page for an unknown problem is 404, and all pages are read-only', async t => {
  const { app, get } = await startService(t)
  for (const type of ['no-such', 'toString', '__proto__']) {
    t.match((await get(`/problems/${type}`)).json(), { type: '/problems/not-found', status: 404 })
  }
  for (const url of ['/problems', '/problems/not-found', '/openapi.yaml', '/docs', '/docs/x.css']) {
    const response = await app.inject({ method: 'DELETE', url })
    t.equal(response.statusCode, 405)
    t.equal(response.headers.allow, 'GET, HEAD')
  }
})

t.test('behind a proxy with a path prefix, page links begin with the prefix', async t => {
  const { get } = await startService(t, { PUBLIC_URL: 'https://lists.example/base/' })
  const list = await get('/problems', { accept: BROWSER })
  t.match(list.body, '<a href="/base/problems/not-stored">')
  t.match((await get('/problems')).body, '[not-stored](/base/problems/not-stored)')
  const page = await get('/problems/not-stored', { accept: BROWSER })
  t.match(page.body, '<a href="/base/problems">')
  for (const path of ['/', '/docs/', '/status']) t.match(page.body, `<a href="/base${path}">`)
  t.match(page.body, `href="/base${STYLE_PATH}"`)
})
