import { createHash } from 'node:crypto'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { type PlaylistJson, playlist } from '../sandbox/users.ts'
import type { Target } from './targets.ts'

/** Approximate size of our JSON around the playlists. */
const AROUND_BYTES = 250

/** Returns the users `name-0` to `name-{count - 1}`. */
export const usersNamed = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, nth) => `${name}-${nth}`)

/** Generates a list of that length. */
export const listOf = (user: string, playlists: number): PlaylistJson[] =>
  Array.from({ length: playlists }, (_, nth) => playlist(user, nth))

const bytesOf = (entry: PlaylistJson) => Buffer.byteLength(JSON.stringify(entry)) + 1

/** Generates a list of about that many bytes in our JSON. */
function listOfBytes(user: string, bytes: number): PlaylistJson[] {
  const list: PlaylistJson[] = []
  let left = bytes - AROUND_BYTES
  for (;;) {
    const next = playlist(user, list.length)
    if (bytesOf(next) > left && list.length > 0) break
    left -= bytesOf(next)
    list.push(next)
  }
  // Pads the first description to the wanted size with poorly compressible text.
  const [first] = list as [PlaylistJson]
  const text = createHash('shake256', { outputLength: Math.ceil(Math.max(left, 0) / 2) })
  first.description = `${first.description ?? ''}${text.update(user).digest('hex')}`
  return list
}

/** Gives each user a list of about that many bytes, and returns the list targets. */
export function giveLists(
  sandbox: Sandbox,
  users: readonly string[],
  bytes: number,
  headers: Record<string, string> = {},
): Target[] {
  return users.map(user => {
    const list = listOfBytes(user, bytes)
    sandbox.setUser(user, list)
    return { path: `/users/${user}/playlists`, headers, playlists: list.length }
  })
}
