import { type PlaylistJson, playlist } from './playlist.ts'

export { type PlaylistJson, playlist } from './playlist.ts'

/** What a user's list holds; a null stands for a playlist the app may not see. */
export type Entries = Array<PlaylistJson | null>

/** Users every sandbox starts with: id -> number of playlists. */
const PLAYLISTS: Record<string, number> = {
  empty: 0,
  one: 1,
  fifty: 50,
  fiftyone: 51,
  smedjan: 120,
  collector: 2000,
  // About the most an account can hold, by Spotify's page on creating playlists.
  hoarder: 10_000,
  '#mimble!': 4,
  'abc+xyz': 3,
  spotify_españa: 5,
  'max.kleinschmidt': 7,
  '1112264649': 2,
}

/** Whose playlists the others follow. */
const FOLLOWED = ['wizzler', '317g2sbpe3ccycu45fes6lfr5lpe', 'vinylkeller', 'n8tflug'] as const

/** The accounts. Lists are made when first asked for, so that starting costs nothing. */
export class Users {
  readonly #lists = new Map<string, Entries | (() => Entries)>()

  constructor() {
    for (const [id, count] of Object.entries(PLAYLISTS)) this.generate(id, count)
    // Since November 2024 Spotify's own playlists arrive as null and are still counted.
    this.#lists.set('with-nulls', () =>
      generated('with-nulls', 120).map((entry, index) => (index % 5 === 0 ? null : entry)),
    )
    this.set('all-null', Array(60).fill(null))
  }

  /** A user's entries, undefined for an unknown user. Ids differ by case. */
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

  /** Gives a user `count` generated playlists, a ninth of them other people's. */
  generate(id: string, count: number): void {
    this.#lists.set(id, () => generated(id, count))
  }

  ids(): string[] {
    return [...this.#lists.keys()]
  }
}

function generated(id: string, count: number): PlaylistJson[] {
  return Array.from({ length: count }, (_, index) => {
    const followed = index % 9 === 8 ? FOLLOWED[index % FOLLOWED.length] : undefined
    return playlist(followed ?? id, index)
  })
}
