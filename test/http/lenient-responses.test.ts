import { gzipSync } from 'node:zlib'
import t from 'tap'
import { type Answer, send } from '../../sandbox/answer.ts'
import { startService } from '../support/service.ts'

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }

/** A healthy Spotify page, in another form. */
const page =
  (wrap: (text: string) => string | Buffer, headers: Record<string, string> = {}): Answer =>
  ({ res, page }) =>
    send(res, 200, wrap(JSON.stringify(page())), { ...JSON_TYPE, ...headers })

const WRAPPINGS: Record<string, Answer> = {
  'x-gzip': page(gzipSync, { 'content-encoding': 'x-gzip' }),
  'gzip and identity': page(gzipSync, { 'content-encoding': 'gzip, identity' }),
  'a byte order mark': page(text => `\uFEFF${text}`),
  'a byte order mark inside gzip': page(text => gzipSync(`\uFEFF${text}`), {
    'content-encoding': 'gzip',
  }),
}

t.test('the service reads pages in every form allowed by HTTP and JSON', async t => {
  const { get, sandbox } = await startService(t)
  for (const [index, [name, answer]] of Object.entries(WRAPPINGS).entries()) {
    const user = `user${index}`
    sandbox.setUser(user, [...(sandbox.user('fiftyone') ?? [])])
    sandbox.fault({ on: 'api', answer })
    t.match((await get(`/users/${user}/playlists`)).json(), { total: 51, complete: true }, name)
  }
})

t.test('a page in UTF-16 is a bad response', async t => {
  const { get, sandbox } = await startService(t)
  const utf16 = page(text => Buffer.from(`\uFEFF${text}`, 'utf16le'))
  sandbox.fault({ on: 'api', answer: utf16 })
  const response = await get('/users/one/playlists')
  t.match(response.json(), { type: '/problems/spotify-bad-response', status: 502 })
})
