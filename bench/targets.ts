import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import { Pool } from 'undici'

/** Concurrent requests while the cache fills. */
const FILLING = 8

/** A request: a path with query, and header fields. */
export interface Target {
  path: string
  headers?: Record<string, string>
  /** The number of playlists in the response. */
  playlists: number
  /** Whether the response is a page for a browser; else it is JSON. */
  isPage?: boolean
}

/** A checked response. */
export interface Checked {
  /** Encoded body length. */
  bytes: number
  etag: string
}

/** Returns the bytes of a `GET` request for the target. */
export function rawRequest(
  url: string,
  { path, headers = {} }: Pick<Target, 'path' | 'headers'>,
): Buffer {
  const fields = { host: new URL(url).host, 'user-agent': 'bench', ...headers }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1')
}

/**
 * Requests each target once, so the service caches the list, and checks each response's status, length, coding,
 * entity tag and number of playlists.
 *
 * @throws {AssertionError} if a response is wrong.
 */
export async function fill(url: string, targets: readonly Target[]): Promise<Checked[]> {
  const pool = new Pool(url, { connections: FILLING })
  const checked: Checked[] = []
  const rest = targets.entries()
  const work = async () => {
    for (const [at, target] of rest) checked[at] = await check(pool, target)
  }
  try {
    await Promise.all(Array.from({ length: FILLING }, work))
  } finally {
    await pool.close()
  }
  return checked
}

async function check(pool: Pool, target: Target): Promise<Checked> {
  const { path, headers: fields = {}, playlists, isPage = false } = target
  const { statusCode, headers, body } = await pool.request({ path, method: 'GET', headers: fields })
  const bytes = Buffer.from(await body.arrayBuffer())
  assert.equal(statusCode, 200, path)
  assert.equal(headers['content-length'], String(bytes.length), path)
  const type = isPage ? 'text/html' : 'application/json'
  assert.equal(headers['content-type'], `${type}; charset=utf-8`, path)
  assert.equal(headers['content-encoding'], fields['accept-encoding'], path)
  assert.match(String(headers.etag), /^"[^"]+"$/, path)
  const text = (fields['accept-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
  const found = isPage ? text.split('class="cover"').length - 1 : JSON.parse(text).items.length
  assert.equal(found, playlists, path)
  return { bytes: bytes.length, etag: String(headers.etag) }
}

/** Checks that the response is a 304 without a body. */
export async function checkNotModified(url: string, { path, headers }: Target): Promise<void> {
  const pool = new Pool(url)
  try {
    const response = await pool.request({ path, method: 'GET', headers: headers ?? {} })
    assert.equal(response.statusCode, 304, path)
    assert.equal(response.headers.etag, headers?.['if-none-match'], path)
    assert.equal((await response.body.text()).length, 0, path)
  } finally {
    await pool.close()
  }
}
