import { createHash } from 'node:crypto'
import { COLLABORATIVE, DESCRIPTIONS, DISPLAY_NAMES, NAMES } from './texts.ts'

/** A playlist image; the size in pixels is often null. */
export interface ImageJson {
  height: number | null
  url: string
  width: number | null
}

/** The link to a playlist's tracks, and the track count including unplayable tracks. */
export interface ContentsJson {
  href: string
  total: number | null
}

/**
 * A simplified playlist in the Web API. `items` came in February 2026 and will replace `tracks`; what Spotify
 * sends depends on the app, so either can be absent.
 * https://developer.spotify.com/documentation/web-api/reference/get-list-users-playlists
 */
export interface PlaylistJson {
  collaborative: boolean
  description: string | null
  external_urls: { spotify: string }
  href: string
  id: string
  images: ImageJson[] | null
  items?: ContentsJson
  name: string
  owner: {
    display_name: string | null
    external_urls: { spotify: string }
    href: string
    id: string
    type: 'user'
    uri: string
  }
  primary_color: string | null
  public: boolean | null
  snapshot_id: string
  tracks?: ContentsJson | null
  type: 'playlist'
  uri: string
}

const WEB = 'https://open.spotify.com'
const API = 'https://api.spotify.com/v1'
/** Image URL prefixes. */
export interface ImageHosts {
  /** For mosaics, which Spotify makes from four album covers. */
  readonly mosaics: string
  /** For images uploaded by a user. */
  readonly uploads: string
}

const SPOTIFY_IMAGES: ImageHosts = {
  mosaics: 'https://mosaic.scdn.co',
  uploads: 'https://image-cdn-ak.spotifycdn.com/image',
}
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/**
 * Generates playlist number `index` for an owner, deterministic on every machine. Any 50 consecutive playlists
 * include all unusual names and descriptions. The image URLs begin with `hosts`; Spotify's own hosts have no
 * such images.
 */
export function playlist(
  ownerId: string,
  index: number,
  hosts: ImageHosts = SPOTIFY_IMAGES,
): PlaylistJson {
  const digest = sha256(`${ownerId}/${index}`)
  const [picture = 0, contents = 0, color = 0, size = 0, shown = 0] = digest.subarray(27)
  const id = Array.from(digest.subarray(0, 22), byte => BASE62[byte % 62]).join('')
  const href = `${API}/playlists/${id}`
  const name = pick(NAMES, index)
  return {
    collaborative: name === COLLABORATIVE,
    description: pick(DESCRIPTIONS, index),
    external_urls: { spotify: `${WEB}/playlist/${id}` },
    href,
    id,
    images: images(picture % 16, digest.toString('hex'), hosts),
    ...(contents % 5 > 1 && { items: { href: `${href}/items`, total: size } }),
    name: name.replace('%', String(index)),
    owner: owner(ownerId),
    primary_color: color % 3 === 0 ? '#ffffff' : null,
    public: shown % 32 === 0 ? null : true,
    snapshot_id: digest.subarray(0, 24).toString('base64'),
    ...tracks(contents % 5, `${href}/tracks`, size),
    type: 'playlist',
    uri: `spotify:playlist:${id}`,
  }
}

function owner(id: string): PlaylistJson['owner'] {
  const encoded = encodeURIComponent(id)
  const [choice = 0] = sha256(id)
  return {
    display_name: pick(DISPLAY_NAMES, choice),
    external_urls: { spotify: `${WEB}/user/${encoded}` },
    href: `${API}/users/${encoded}`,
    id,
    type: 'user',
    uri: `spotify:user:${encoded}`,
  }
}

/** Returns null, no images, an upload without a size, or a mosaic of four covers. */
function images(choice: number, hex: string, hosts: ImageHosts): ImageJson[] | null {
  if (choice === 0) return null
  if (choice === 1) return []
  if (choice < 5) {
    const url = `${hosts.uploads}/ab67706c0000da84${hex.slice(0, 24)}`
    return [{ height: null, url, width: null }]
  }
  const covers = [0, 13, 26, 40].map(at => `ab67616d00001e02${hex.slice(at, at + 24)}`).join('')
  return [640, 300, 60].map(pixels => ({
    height: pixels,
    url: `${hosts.mosaics}/${pixels}/${covers}`,
    width: pixels,
  }))
}

function tracks(choice: number, href: string, total: number): Pick<PlaylistJson, 'tracks'> {
  if (choice === 4) return {}
  if (choice === 3) return { tracks: null }
  return { tracks: { href, total: choice === 1 && total % 8 === 0 ? null : total } }
}

function pick<T>(from: readonly [T, ...T[]], index: number): T {
  return from[index % from.length] as T
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
