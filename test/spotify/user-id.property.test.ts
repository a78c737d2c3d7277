import fc from 'fast-check'
import t from 'tap'
import { Problem } from '../../src/problems.ts'
import { parseUserId, userIdSegment } from '../../src/spotify/user-id.ts'

/** Everything a path segment can hold after one decoding, with the dangerous parts made likely. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map(units => {
    return String.fromCharCode(...units)
  }),
  fc
    .array(fc.constantFrom('.', '..', '/', '\\', '?', '#', '%', '%2e', '%2F', ':', '@', 'A', 'ñ'))
    .map(parts => parts.join('')),
  fc.string({ minLength: 250, maxLength: 260 }),
)

const wellFormed = text.filter(name => name.isWellFormed())

const pasted = fc.oneof(
  text,
  text.map(name => `spotify:user:${name}`),
  text.map(name => `https://open.spotify.com/user/${name}?si=1`),
  wellFormed.map(name => `spotify:user:${encodeURIComponent(name)}`),
  wellFormed.map(name => `open.spotify.com/intl-de/user/${encodeURIComponent(name)}/playlists`),
)

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
  t.doesNotThrow(() => fc.assert(property, runs))
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
