import t from 'tap'
import { requestId } from '../../src/http/request-id.ts'

t.test('each new id is a different UUID', async t => {
  const ids = Array.from({ length: 10_000 }, () => requestId({ headers: {} }))
  t.equal(new Set(ids).size, ids.length)
  for (const id of ids) {
    if (!/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))
      t.fail(id)
  }
})
