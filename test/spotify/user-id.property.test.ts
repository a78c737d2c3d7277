import fc from 'fast-check'
import t from 'tap'
import { Problem } from '../../src/problems.ts'
import { parseUserId, userIdSegment } from '../../src/spotify/user-id.ts'
import { pasted, wellFormed } from '../support/pasted-ids.ts'

/** The id, or undefined when it was refused as it should be. */
function accepted(input: string): string | undefined {
  try {
    return parseUserId(input)
  } catch (error) {
    if (error instanceof Problem && error.type === 'invalid-user-id') return undefined
    throw error
  }
}

const runs = { numRuns: 2000 }

t.test('Whatever is pasted is refused, or leaves as exactly one path segment', async t => {
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
  t.doesNotThrow(() => fc.assert(property, { numRuns: 100_000 }))
})

t.test('A canonical id is small, lower case and parsed to itself', async t => {
  const property = fc.property(pasted, input => {
    const id = accepted(input)
    if (id === undefined) return true
    return id === id.toLowerCase() && Buffer.byteLength(id) <= 256 && accepted(id) === id
  })
  t.doesNotThrow(() => fc.assert(property, runs))
})

t.test('However a user is named, plainly, by URI or by link, it is the same id', async t => {
  const property = fc.property(wellFormed, name => {
    const encoded = encodeURIComponent(name)
    const ids = [
      `spotify:user:${encoded}`,
      `spotify:user:${encoded}:playlist:37i9dQZF1DXcBWIGoYBM5M`,
      `https://open.spotify.com/user/${encoded}`,
      `open.spotify.com/intl-de/user/${encoded}/playlists?si=1#top`,
      name,
    ].map(accepted)
    return new Set(ids).size === 1
  })
  t.doesNotThrow(() => fc.assert(property, runs))
})
