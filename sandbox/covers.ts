import type { IncomingMessage, ServerResponse } from 'node:http'
import { send } from './answer.ts'
import { type CoverKind, drawCover } from './draw-cover.ts'
import type { ImageHosts } from './playlist.ts'

// Paths, and so their lengths, match Spotify's image hosts.
const MOSAIC = /^\/(60|300|640)\/([0-9a-f]{40,160})$/
const UPLOAD = /^\/image\/([0-9a-f]{40})$/
/** The size of an upload; Spotify's API does not state it. */
const UPLOAD_PIXELS = 640

/** The cover behind a URL. */
export interface Cover {
  readonly kind: CoverKind
  readonly name: string
  /** Width and height. */
  readonly pixels: number
}

/** Returns where a sandbox at `url` (scheme, host and port) serves covers. */
export function imageHosts(url: string): ImageHosts {
  return { mosaics: url, uploads: `${url}/image` }
}

/** Returns the cover at a request target; undefined for any other target. */
export function coverOf(target: string): Cover | undefined {
  const [, pixels, mosaic] = MOSAIC.exec(target) ?? []
  if (mosaic !== undefined) return { kind: 'mosaic', name: mosaic, pixels: Number(pixels) }
  const [, upload] = UPLOAD.exec(target) ?? []
  return upload === undefined ? undefined : { kind: 'upload', name: upload, pixels: UPLOAD_PIXELS }
}

/**
 * Sends a drawn cover. Spotify serves covers from separate hosts, so cover requests neither count as requests
 * to Spotify nor meet a fault.
 */
export function answerCover(cover: Cover, { method }: IncomingMessage, res: ServerResponse): void {
  if (method !== 'GET' && method !== 'HEAD') {
    send(res, 405, '', { allow: 'GET, HEAD' })
    return
  }
  send(res, 200, drawCover(cover.kind, cover.name, cover.pixels), {
    'content-type': 'image/svg+xml',
    'cache-control': 'public, max-age=86400',
  })
}
