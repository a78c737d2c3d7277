import { type ImageHosts, type PlaylistJson, playlist } from './playlist.ts'

export { type PlaylistJson, playlist } from './playlist.ts'

/** The list of a user; null replaces a playlist that the app may not see. */
export type Entries = Array<PlaylistJson | null>

/** The users of every sandbox: id -> number of playlists. */
const PLAYLISTS: Record<string, number> = {
  empty: 0,
  one: 1,
  fifty: 50,
  fiftyone: 51,
  smedjan: 120,
  collector: 2000,
  // About the maximum of an account, according to Spotify's page on creating playlists.
  hoarder: 10_000,
  '#mimble!': 4,
  'abc+xyz': 3,
  spotify_españa: 5,
  'max.kleinschmidt': 7,
  '1112264649': 2,
}

/** The users that the demo offers to click: usual ones, then the exceptions. */
export const EXAMPLES = [
  'smedjan',
  'collector',
  'spotify_españa',
  '#mimble!',
  'with-nulls',
  'empty',
] as const

/** The owners of playlists that the other users follow. */
const FOLLOWED = ['wizzler', '317g2sbpe3ccycu45fes6lfr5lpe', 'vinylkeller', 'n8tflug'] as const

/** The users. It creates each list on its first use, so starting costs nothing. */
export class Users {
  readonly #lists = new Map<string, Entries | (() => Entries)>()
  readonly #images: ImageHosts | undefined

  /** The images of generated playlists are at `images`; by default at Spotify's hosts. */
  constructor(images?: ImageHosts) {
    this.#images = images
    for (const [id, count] of Object.entries(PLAYLISTS)) this.generate(id, count)
    // Since November 2024, Spotify sends null for its own playlists, and still counts them.
    this.#lists.set('with-nulls', () =>
      this.#generated('with-nulls', 120).map((entry, index) => (index % 5 === 0 ? null : entry)),
    )
    this.set('all-null', Array(60).fill(null))
  }

  /** The list of a user; undefined for an unknown user. Ids are case-sensitive. */
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

  /** Gives a user `count` generated playlists; a ninth of them belong to others. */
  generate(id: string, count: number): void {
    this.#lists.set(id, () => this.#generated(id, count))
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
