import fc from 'fast-check'
import t from 'tap'
import { pagingOf, type WindowQuery, windowOf } from '../../../src/http/representation/window.ts'

const PLAIN = 'https://h/users/smedjan/playlists'

/** The paging members visible to a caller. */
const pagingFor = (total: number, query: WindowQuery) => pagingOf(total, query, PLAIN)

/** The query in a link, as read by the route. */
function queryOf(link: string): Required<WindowQuery> {
  const { origin, pathname, searchParams } = new URL(link)
  if (origin + pathname !== PLAIN) throw new Error(`not this resource: ${link}`)
  const [limit, offset] = [Number(searchParams.get('limit')), Number(searchParams.get('offset'))]
  if (!(limit >= 1 && offset >= 0)) throw new Error(`not allowed by the route: ${link}`)
  return { limit, offset }
}

const positions = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => from + i)

t.test('a window never extends past the end of the list', async t => {
  const MAX = Number.MAX_SAFE_INTEGER
  for (const [total, query, from, to] of [
    [10, {}, 0, 10],
    [0, {}, 0, 0],
    [0, { limit: 5 }, 0, 0],
    [10, { limit: 9 }, 0, 9],
    [10, { limit: 10 }, 0, 10],
    [10, { limit: 11 }, 0, 10],
    [10, { offset: 9 }, 9, 10],
    [10, { offset: 10 }, 10, 10],
    [10, { offset: 11 }, 10, 10],
    [10, { offset: 4, limit: 5 }, 4, 9],
    [10, { offset: 4, limit: 6 }, 4, 10],
    [10, { offset: 4, limit: 7 }, 4, 10],
    [10, { offset: MAX, limit: MAX }, 10, 10],
    [10, { offset: 9, limit: MAX }, 9, 10],
  ] as const) {
    t.strictSame(windowOf(total, query), { from, to }, JSON.stringify({ total, query }))
  }
})

t.test('the whole list has the plain URL, no neighbours, and limit equal to total', async t => {
  for (const total of [0, 1, 120]) {
    t.strictSame(pagingFor(total, {}), {
      href: PLAIN,
      limit: total,
      next: null,
      offset: 0,
      previous: null,
      total,
    })
  }
})

t.test('a window links to itself, the previous window and the next window', async t => {
  for (const [query, limit, href, next, previous] of [
    [{ limit: 5 }, 5, '?offset=0&limit=5', '?offset=5&limit=5', null],
    [{ limit: 5, offset: 0 }, 5, '?offset=0&limit=5', '?offset=5&limit=5', null],
    [{ limit: 11 }, 11, '?offset=0&limit=11', '?offset=11&limit=11', null],
    [{ limit: 12 }, 12, '?offset=0&limit=12', null, null],
    [{ limit: 13 }, 12, '?offset=0&limit=13', null, null],
    [{ offset: 0 }, 12, '?offset=0', null, null],
    [{ offset: 1 }, 11, '?offset=1', null, '?offset=0&limit=1'],
    [{ offset: 7 }, 5, '?offset=7', null, '?offset=0&limit=7'],
    [{ limit: 5, offset: 4 }, 5, '?offset=4&limit=5', '?offset=9&limit=5', '?offset=0&limit=4'],
    [{ limit: 5, offset: 5 }, 5, '?offset=5&limit=5', '?offset=10&limit=5', '?offset=0&limit=5'],
    [{ limit: 5, offset: 6 }, 5, '?offset=6&limit=5', '?offset=11&limit=5', '?offset=1&limit=5'],
    [{ limit: 5, offset: 7 }, 5, '?offset=7&limit=5', null, '?offset=2&limit=5'],
    [{ limit: 5, offset: 8 }, 4, '?offset=8&limit=5', null, '?offset=3&limit=5'],
  ] as const) {
    t.strictSame(
      pagingFor(12, query),
      {
        href: PLAIN + href,
        limit,
        next: next === null ? null : PLAIN + next,
        offset: 'offset' in query ? query.offset : 0,
        previous: previous === null ? null : PLAIN + previous,
        total: 12,
      },
      JSON.stringify(query),
    )
  }
})

t.test('without a limit, previous is the whole list before the window', async t => {
  t.equal(pagingFor(1000, { offset: 700 }).previous, `${PLAIN}?offset=0&limit=700`)
})

t.test('beyond the end the window is empty, and previous has the last items', async t => {
  for (const offset of [12, 13, 1000]) {
    const paging = pagingFor(12, { limit: 5, offset })
    t.hasStrict(paging, { limit: 0, next: null, offset, total: 12 })
    t.equal(paging.previous, `${PLAIN}?offset=7&limit=5`)
  }
  t.equal(pagingFor(12, { offset: 99 }).previous, `${PLAIN}?offset=0&limit=12`)
  t.equal(
    pagingFor(0, { limit: 5, offset: 3 }).previous,
    null,
    'an empty list has no previous window',
  )
})

const total = fc.nat({ max: 60 })
const limit = fc.integer({ min: 1, max: 70 })
const offset = fc.nat({ max: 70 })

t.test('following next with any limit visits each position once and in order', async t => {
  const property = fc.property(total, limit, (total, limit) => {
    const visited: number[] = []
    let query: WindowQuery | undefined = { limit }
    while (query !== undefined) {
      const { from, to } = windowOf(total, query)
      visited.push(...positions(from, to))
      const { next } = pagingFor(total, query)
      query = next === null ? undefined : queryOf(next)
      if (visited.length > total) return false
    }
    return JSON.stringify(visited) === JSON.stringify(positions(0, total))
  })
  t.doesNotThrow(() => fc.assert(property))
})

t.test(
  'following previous from any window visits all earlier items, without gap or overlap',
  async t => {
    const query = fc.record({ limit, offset }, { requiredKeys: [] })
    const property = fc.property(total, query, (total, first) => {
      let query: WindowQuery = first
      let covered = windowOf(total, query).from
      for (;;) {
        const { previous } = pagingFor(total, query)
        if (previous === null) return covered === 0
        query = queryOf(previous)
        const { from, to } = windowOf(total, query)
        if (to !== covered || from >= to) return false
        covered = from
      }
    })
    t.doesNotThrow(() => fc.assert(property))
  },
)

t.test(
  'the next window begins at the end of the current window and has the same limit',
  async t => {
    const property = fc.property(total, limit, offset, (total, limit, offset) => {
      const { to } = windowOf(total, { limit, offset })
      const { next } = pagingFor(total, { limit, offset })
      if (next === null) return to === total
      const query = queryOf(next)
      return query.offset === to && query.limit === limit
    })
    t.doesNotThrow(() => fc.assert(property))
  },
)
