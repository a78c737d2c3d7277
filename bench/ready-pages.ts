import { gzipSync } from 'node:zlib'
import { send } from '../sandbox/answer.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { listOf } from './lists.ts'

const PAGE = 50
const HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'content-encoding': 'gzip',
  'cache-control': 'public, max-age=0',
}

/** Returns the number of pages for that many playlists. */
export const pagesOf = (playlists: number): number => Math.max(1, Math.ceil(playlists / PAGE))

/**
 * Makes the sandbox serve the same list for each user id that begins with `prefix`, from prepared pages: making
 * a page takes the sandbox longer than reading it should take the service.
 */
export function serveReadyPages(sandbox: Sandbox, prefix: string, playlists: number): void {
  const list = listOf(prefix, playlists)
  const pages = Array.from({ length: pagesOf(playlists) }, (_, page) => {
    const offset = page * PAGE
    const next = offset + PAGE < playlists ? `${sandbox.apiUrl}/next` : null
    const items = list.slice(offset, offset + PAGE)
    const body = { href: sandbox.apiUrl, items, limit: PAGE, next, offset, previous: null }
    return gzipSync(JSON.stringify({ ...body, total: playlists }))
  })
  sandbox.fault({
    on: 'api',
    match: ({ userId }) => userId?.startsWith(prefix) === true,
    answer: ({ res, request }) =>
      send(res, 200, pages[(request.offset ?? 0) / PAGE] as Buffer, HEADERS),
  })
}
