import fc from 'fast-check'
import { Problem } from '../../src/problems/problem.ts'
import { parseUserId } from '../../src/user-id/user-id.ts'

/** Returns the id in a text, or undefined if the service refuses the text. */
export function accepted(input: string): string | undefined {
  try {
    return parseUserId(input)
  } catch (error) {
    if (error instanceof Problem && error.type === 'invalid-user-id') return undefined
    throw error
  }
}

/** Any path segment after one decoding, with dangerous parts more likely. */
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

/** Path segments that are valid Unicode. */
export const wellFormed = text.filter(name => name.isWellFormed())

/** Texts pasted for a user by people, or by attackers. */
export const pasted = fc.oneof(
  text,
  text.map(name => `spotify:user:${name}`),
  text.map(name => `https://open.spotify.com/user/${name}?si=1`),
  wellFormed.map(name => `spotify:user:${encodeURIComponent(name)}`),
  wellFormed.map(name => `open.spotify.com/intl-de/user/${encodeURIComponent(name)}/playlists`),
)
