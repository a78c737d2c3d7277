import t from 'tap'
import { startService } from '../support/service.ts'

const DIGITS = ['9007199254740991', '9007199254740992', '99999999999999999999', '9'.repeat(400)]

t.test('limit and offset can have any number of digits', async t => {
  const { get } = await startService(t)
  const whole = (await get('/users/smedjan/playlists')).json()
  for (const digits of DIGITS) {
    const all = await get(`/users/smedjan/playlists?limit=${digits}`)
    t.equal(all.statusCode, 200, digits)
    t.same(all.json().items, whole.items)
    t.match(all.json(), { limit: whole.total, next: null, previous: null })
    t.match(all.json().href, /\?offset=0&limit=9007199254740991$/)
    const none = (await get(`/users/smedjan/playlists?offset=${digits}`)).json()
    t.match(none, { items: [], limit: 0, next: null, total: whole.total })
  }
})

t.test("below /v1, a number beyond Spotify's limits is refused", async t => {
  const { get } = await startService(t)
  for (const digits of DIGITS) {
    const { statusCode, body } = await get(`/v1/users/smedjan/playlists?limit=${digits}`)
    t.equal(statusCode, 400)
    t.match(body, /from 0 to 50/)
  }
})
