import fc from 'fast-check'
import t from 'tap'
import { startService } from '../support/service.ts'

const ROUTES = ['/users/smedjan/playlists', '/v1/users/smedjan/playlists']

t.test('any query gets a list or a refusal with the parameter name', async t => {
  const { get, sandbox } = await startService(t)
  for (const route of ROUTES) await get(route)
  const name = fc.oneof(fc.constantFrom('limit', 'offset', 'format', 'market'), fc.string())
  const value = fc.oneof(
    fc.string(),
    fc.nat().map(String),
    fc.constantFrom('json', 'csv', '%', '+'),
  )
  const pair = fc.tuple(name, value, fc.boolean()).map(([name, value, encoded]) => {
    const text = encoded ? encodeURIComponent(value) : value.replace(/[^!-~]|#/g, '')
    return `${encodeURIComponent(name)}=${text}`
  })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...ROUTES), fc.array(pair), async (route, pairs) => {
      const response = await get(`${route}?${pairs.join('&')}`)
      if (response.statusCode === 200) return true
      const { error } = response.json()
      return response.statusCode === 400 && /"(?:limit|offset|format)"/.test(error.message)
    }),
    { numRuns: 500 },
  )
  t.equal(sandbox.count('api'), 3, 'none of them costs a request to Spotify')
})

t.test('any header field gets a list or a documented refusal', async t => {
  const { get } = await startService(t)
  for (const route of ROUTES) await get(route)
  const names = ['accept', 'accept-encoding', 'cache-control', 'if-none-match', 'if-modified-since']
  const piece = fc.oneof(
    fc.string().map(text => text.replace(/[^ -~]/g, '')),
    fc.constantFrom('*', 'q=', ';q=0', '"', 'W/"', 'gzip', 'max-age=', 'no-cache', ',', '/*'),
  )
  const field = fc.array(piece, { maxLength: 20 }).map(pieces => pieces.join(''))
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...ROUTES),
      fc.record(Object.fromEntries(names.map(name => [name, field])), { requiredKeys: [] }),
      async (route, headers) => {
        const { statusCode } = await get(route, headers as Record<string, string>)
        return (
          [200, 304, 406].includes(statusCode) ||
          (statusCode === 504 && /only/i.test(String(headers['cache-control'])))
        )
      },
    ),
    { numRuns: 500 },
  )
  t.pass('for every field')
})

t.test('huge fields are refused or read in one pass', async t => {
  const { get, sandbox } = await startService(t)
  for (const [name, value, status] of [
    ['cache-control', 'max-age=1,'.repeat(1500), 431],
    ['cache-control', `${'"'.repeat(7500)}${','.repeat(7500)}`, 431],
    ['accept', 'text/plain;q=0.5,'.repeat(900), 431],
    ['accept', `${'a/b,'.repeat(3500)}x`, 431],
    ['accept-encoding', 'gzip;q=0.5,'.repeat(1300), 431],
    ['if-none-match', '"x",'.repeat(3700), 200],
    ['if-none-match', '"'.repeat(15_000), 200],
    ['if-modified-since', ' '.repeat(15_000), 200],
    ['x-request-id', 'x'.repeat(15_000), 200],
  ] as const) {
    for (const route of ROUTES) {
      const { statusCode } = await get(route, { [name]: value })
      const isMirror = route.startsWith('/v1') && name === 'accept'
      t.equal(statusCode, isMirror ? 200 : status, `${name}: ${value.slice(0, 12)}…`)
    }
  }
  t.equal(sandbox.count('api'), 3)
})
