import fc from 'fast-check'
import t from 'tap'
import { userIdSegment } from '../../src/user-id/user-id.ts'
import { accepted, pasted } from '../support/pasted-ids.ts'

const runs = { numRuns: 2000 }

t.test(
  'parseUserId refuses a text, or returns an id that becomes exactly one path segment',
  async t => {
    const property = fc.property(pasted, input => {
      const id = accepted(input)
      if (id === undefined) return true
      const segment = userIdSegment(id)
      const { pathname, search, hash } = new URL(`http://h/users/${segment}/playlists`)
      return (
        segment !== '' &&
        segment !== '.' &&
        segment !== '..' &&
        !/[/?#\\]/.test(segment) &&
        decodeURIComponent(segment) === id &&
        pathname === `/users/${segment}/playlists` &&
        pathname.split('/').length === 4 &&
        search === '' &&
        hash === ''
      )
    })
    t.doesNotThrow(() => fc.assert(property, { numRuns: 30_000 }))
  },
)

t.test('a canonical id has at most 256 bytes and is lower case', async t => {
  const property = fc.property(pasted, input => {
    const id = accepted(input)
    if (id === undefined) return true
    return id === id.toLowerCase() && Buffer.byteLength(id) <= 256
  })
  t.doesNotThrow(() => fc.assert(property, runs))
})
