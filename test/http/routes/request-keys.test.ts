import t from 'tap'
import { RequestKeys } from '../../../src/http/routes/request-keys.ts'

const TARGET = '/users/one/playlists'

function request(headers: Record<string, string | undefined>, remoteAddress = '127.0.0.1') {
  return { headers: { host: 'a.example', ...headers }, socket: { remoteAddress } }
}

t.test('a different value in a field that affects the response gives a different key', async t => {
  const keys = new RequestKeys()
  const requests = [
    request({}),
    request({ host: 'b.example' }),
    request({ accept: 'text/csv' }),
    request({ 'accept-encoding': 'gzip' }),
    request({ origin: 'https://page.example' }),
    request({ 'x-forwarded-proto': 'https' }),
    request({ 'x-forwarded-proto': 'https' }, '192.0.2.1'),
  ]
  const all = () => requests.map(one => keys.of(TARGET, one))
  const first = all()
  t.equal(new Set(first).size, requests.length)
  t.same(all(), first, 'in any order of requests')
  t.not(keys.of('/users/two/playlists', request({})), first[0])
})

t.test('fields that do not affect the response change no key', async t => {
  const keys = new RequestKeys()
  const key = keys.of(TARGET, request({}))
  t.equal(keys.of(TARGET, request({ 'user-agent': 'x' }, '192.0.2.1')), key)
  t.equal(keys.of(TARGET, request({ accept: '', origin: '' })), key, 'empty means absent')
})

t.test('equal values in different fields give different keys', async t => {
  const keys = new RequestKeys()
  t.not(
    keys.of(TARGET, request({ accept: 'gzip' })),
    keys.of(TARGET, request({ 'accept-encoding': 'gzip' })),
  )
})

t.test('requests without Host and long requests have no key', async t => {
  const keys = new RequestKeys()
  t.equal(keys.of(TARGET, request({ host: undefined })), undefined)
  t.equal(keys.of(`/${'x'.repeat(1024)}`, request({})), undefined)
  t.equal(keys.of(TARGET, request({ accept: 'x'.repeat(1024) })), undefined)
})

t.test('other fields never get a previously used key, however many there are', async t => {
  const keys = new RequestKeys()
  const seen = new Set<string | undefined>()
  for (let nth = 0; nth < 1000; nth++) seen.add(keys.of(TARGET, request({ accept: `text/${nth}` })))
  t.equal(seen.size, 1000)
  t.notOk(seen.has(keys.of(TARGET, request({ accept: 'text/0' }))), 'its number is forgotten')
})
