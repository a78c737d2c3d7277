import fc from 'fast-check'
import t from 'tap'
import { startService } from '../../support/service.ts'

const USER = '/users/smedjan/playlists'
const TOTAL = 120

t.test('adjacent windows in a line format add up to the whole list', async t => {
  const { get, sandbox } = await startService(t)
  for (const format of ['text', 'csv', 'ndjson']) {
    const whole = (await get(`${USER}?format=${format}`)).rawPayload
    const header = (await get(`/users/empty/playlists?format=${format}`)).rawPayload
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: TOTAL }), { minLength: 1 }),
        async cuts => {
          const parts = [header]
          let offset = 0
          for (let nth = 0; offset < TOTAL; nth++) {
            const limit = cuts[nth % cuts.length] as number
            const url = `${USER}?format=${format}&offset=${offset}&limit=${limit}`
            parts.push((await get(url)).rawPayload.subarray(header.length))
            offset += limit
          }
          return Buffer.concat(parts).equals(whole)
        },
      ),
      { numRuns: 20 },
    )
    t.pass(format)
  }
  t.equal(sandbox.count('api'), 4)
})

interface Page {
  items: unknown[]
  next: string | null
  previous: string | null
}

t.test('next and previous links lead through the whole list', async t => {
  const { get } = await startService(t)
  const { items: whole } = (await get(USER)).json()
  const follow = async (url: string, link: 'next' | 'previous'): Promise<unknown[]> => {
    const page: Page = (await get(url.replace('http://localhost:80', ''))).json()
    const further = page[link] === null ? [] : await follow(page[link], link)
    return link === 'next' ? [...page.items, ...further] : [...further, ...page.items]
  }
  for (const [root, maxLimit] of [
    [USER, 200],
    [`/v1${USER}`, 50],
  ] as const) {
    const limits = fc.integer({ min: 5, max: maxLimit })
    const offsets = fc.integer({ min: 0, max: TOTAL })
    await fc.assert(
      fc.asyncProperty(limits, offsets, async (limit, offset) => {
        const url = `${root}?limit=${limit}&offset=${offset}`
        t.same(await follow(url, 'next'), whole.slice(offset), url)
        // The first window on the way back can be shorter; no item occurs twice.
        if (root === USER) {
          t.same(await follow(url, 'previous'), whole.slice(0, offset + limit), url)
        }
      }),
      { numRuns: 15 },
    )
  }
})
