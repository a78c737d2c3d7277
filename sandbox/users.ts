import { createHash } from 'node:crypto'
import { type ImageHosts, type PlaylistJson, playlist } from './playlist.ts'
import type { Switches } from './switches.ts'

export { type PlaylistJson, playlist } from './playlist.ts'

/** A user's list; null replaces a playlist hidden from the app. */
export type Entries = Array<PlaylistJson | null>

/** The users in every sandbox: id -> number of playlists. */
const PLAYLISTS: Record<string, number> = {
  empty: 0,
  one: 1,
  fifty: 50,
  fiftyone: 51,
  smedjan: 120,
  collector: 2000,
  // About the maximum per account, according to Spotify's page on creating playlists.
  hoarder: 10_000,
  '#mimble!': 4,
  'abc+xyz': 3,
  spotify_españa: 5,
  'max.kleinschmidt': 7,
  '1112264649': 2,
}

/** The users offered in the demo: usual users, then exceptions. */
export const EXAMPLES = [
  'smedjan',
  'collector',
  'spotify_españa',
  '#mimble!',
  'with-nulls',
  'empty',
] as const

/** Owners of playlists followed by the other users. */
const FOLLOWED = ['wizzler', '317g2sbpe3ccycu45fes6lfr5lpe', 'vinylkeller', 'n8tflug'] as const

/** The sandbox users. Each list is created on first use, so starting is free. */
export class Users {
  readonly #lists = new Map<string, Entries | (() => Entries)>()
  readonly #images: ImageHosts | undefined
  /** Account ids for renamed users. */
  readonly #accountIds = new Map<string, string>()

  /** Images in generated playlists are at `images`; by default at Spotify's hosts. */
  constructor(images?: ImageHosts) {
    this.#images = images
    for (const [id, count] of Object.entries(PLAYLISTS)) this.generate(id, count)
    // Since November 2024, Spotify sends null for Spotify's own playlists, but still counts them.
    this.#lists.set('with-nulls', () =>
      this.#generated('with-nulls', 120).map((entry, index) => (index % 5 === 0 ? null : entry)),
    )
    this.set('all-null', Array(60).fill(null))
    this.generate('with-private', 120, 40)
  }

  /** Returns a user's list; undefined for an unknown user. Ids are case-sensitive. */
  get(id: string): Entries | undefined {
    const list = this.#lists.get(id)
    if (typeof list !== 'function') return list
    const entries = list()
    this.#lists.set(id, entries)
    return entries
  }

  set(id: string, entries: Entries): void {
    this.#lists.set(id, [...entries])
  }

  /**
   * Gives a user `count` generated public playlists, a ninth of them owned by other users, and `privateCount`
   * private playlists, one after each of the first public playlists.
   */
  generate(id: string, count: number, privateCount = 0): void {
    this.#lists.set(id, () => {
      const all = this.#generated(id, count + privateCount)
      const hidden = all.splice(count).map(entry => ({ ...entry, public: false }))
      return [
        ...all.flatMap((entry, at) => [entry, ...hidden.slice(at, at + 1)]),
        ...hidden.slice(count),
      ]
    })
  }

  /**
   * Gives an account another id; playlists still have the old id as the owner. The old id then belongs to
   * another account without playlists.
   */
  rename(from: string, to: string): void {
    this.#accountIds.set(to, this.accountId(from))
    this.#accountIds.set(from, accountIdFor(`${from} after ${to}`))
    this.#lists.set(to, this.#lists.get(from) ?? [])
    this.#lists.delete(from)
  }

  /** Returns the account id, which stays the same after renaming. */
  accountId(id: string): string {
    return this.#accountIds.get(id) ?? accountIdFor(id)
  }

  ids(): string[] {
    return [...this.#lists.keys()]
  }

  #generated(id: string, count: number): PlaylistJson[] {
    return Array.from({ length: count }, (_, index) => {
      const followed = index % 9 === 8 ? FOLLOWED[index % FOLLOWED.length] : undefined
      return playlist(followed ?? id, index, this.#images)
    })
  }
}

function accountIdFor(seed: string): string {
  return createHash('sha256').update(`account ${seed}`).digest('hex').slice(0, 32)
}

/** Returns the entries visible to anyone on a user's profile. */
export function publicEntries(entries: Readonly<Entries>): Entries {
  return entries.filter(entry => entry?.public !== false)
}

/**
 * Returns the entries readable with a user token with these scopes: without a scope, only the public profile.
 * https://developer.spotify.com/documentation/web-api/concepts/scopes#playlist-read-private
 */
export function ownEntries(
  entries: Readonly<Entries>,
  scope: string,
  { leaksPrivate, publicFlag }: Switches,
): Entries {
  const scopes = scope.split(' ')
  const visible = entries.filter(
    entry =>
      entry?.public !== false ||
      leaksPrivate ||
      scopes.includes(
        entry.collaborative ? 'playlist-read-collaborative' : 'playlist-read-private',
      ),
  )
  if (publicFlag === 'honest') return visible
  return visible.map(entry => entry && { ...entry, public: true })
}
