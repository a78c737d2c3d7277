import t from 'tap'
import { startService } from '../support/service.ts'

t.test('of a query the log has the parameters that routes have, and nothing else', async t => {
  const { get, lines } = await startService(t)
  const long = 'canary'.repeat(6)
  const cases = [
    ['', '/nowhere'],
    ['?', '/nowhere'],
    ['?api_key=canary', '/nowhere'],
    ['?canary', '/nowhere'],
    ['?LIMIT=canary&xlimit=canary', '/nowhere'],
    ['?limit=0?api_key=canary', '/nowhere?limit=0'],
    ['?limit=1;api_key=canary', '/nowhere'],
    [`?limit=${long}&offset=`, '/nowhere?offset='],
    [
      '?api_key=canary&limit=-1&access_token=canary&offset=1e3&format=csv',
      '/nowhere?limit=-1&offset=1e3&format=csv',
    ],
  ] as const
  for (const [query] of cases) await get(`/nowhere${query}`)
  t.same(
    lines().flatMap(({ path }) => (path === undefined ? [] : [path])),
    cases.map(([, path]) => path),
  )
})
