import { Problem, type ProblemType, problemBody } from '../../problems/problem.ts'

/** A playlist as Spotify sends it, shortened. */
const PLAYLIST = {
  collaborative: false,
  description: 'Songs to wake up to',
  external_urls: { spotify: 'https://open.spotify.com/playlist/3cEYpjA9oz9GiPac4AsH4n' },
  id: '3cEYpjA9oz9GiPac4AsH4n',
  images: null,
  items: {
    href: 'https://api.spotify.com/v1/playlists/3cEYpjA9oz9GiPac4AsH4n/items',
    total: 42,
  },
  name: 'Morning, mostly',
  owner: { display_name: 'Smedjan', id: 'smedjan', type: 'user', uri: 'spotify:user:smedjan' },
  public: true,
  snapshot_id: 'AAAAB8C+GjVHq8v4vzStbL6AUYzo1cDV',
  type: 'playlist',
  uri: 'spotify:playlist:3cEYpjA9oz9GiPac4AsH4n',
}

const ORIGIN = 'http://127.0.0.1:3000'
const URL = `${ORIGIN}/users/smedjan/playlists`

export const listExample = {
  href: URL,
  limit: 1,
  next: null,
  offset: 0,
  previous: null,
  total: 1,
  complete: true,
  items: [PLAYLIST],
}

export const pageExample = {
  href: `${ORIGIN}/v1/users/smedjan/playlists?offset=0&limit=1`,
  limit: 1,
  next: `${ORIGIN}/v1/users/smedjan/playlists?offset=1&limit=1`,
  offset: 0,
  previous: null,
  total: 2,
  items: [PLAYLIST],
}

export const textExample = `   1 ${PLAYLIST.uri} ${PLAYLIST.name}\n`

export const csvExample = `position,id,name,owner_id,owner_name,public,collaborative,items_total,snapshot_id,url,uri,image_url,description\r
1,${PLAYLIST.id},"${PLAYLIST.name}",smedjan,Smedjan,true,false,42,${PLAYLIST.snapshot_id},${PLAYLIST.external_urls.spotify},${PLAYLIST.uri},,${PLAYLIST.description}\r
`

export const ndjsonExample = `${JSON.stringify(PLAYLIST)}\n`

/** Returns a sample problem for this type. */
export function problemExample(type: ProblemType) {
  const detail = 'What is wrong in this case, and what to do.'
  const id = '7f0c1a52-6f0b-4a51-9f3f-3d1b8f3f2a10'
  return problemBody(new Problem(type, detail), '/users/smedjan/playlists', id)
}
