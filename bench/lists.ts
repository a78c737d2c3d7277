import type { Sandbox } from '../sandbox/sandbox.ts'
import { type PlaylistJson, playlist } from '../sandbox/users.ts'
import type { Target } from './targets.ts'

/** What our JSON has around the playlists, about. */
const AROUND_BYTES = 250

/** Users `name-0` to `name-{count - 1}`. */
export const usersNamed = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, nth) => `${name}-${nth}`)

/** That many playlists of a user. */
export const listOf = (user: string, playlists: number): PlaylistJson[] =>
  Array.from({ length: playlists }, (_, nth) => playlist(user, nth))

/** Playlists of a user that come to about that many bytes as our JSON. */
function listOfBytes(user: string, bytes: number): PlaylistJson[] {
  const list: PlaylistJson[] = []
  let left = bytes - AROUND_BYTES
  for (;;) {
    const next = playlist(user, list.length)
    left -= Buffer.byteLength(JSON.stringify(next)) + 1
    if (left < 0 && list.length > 0) break
    list.push(next)
  }
  return list
}

/** Gives each user a list of about that many bytes; returns what asks for them. */
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
