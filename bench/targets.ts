import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import { Pool } from 'undici'

/** Requests asked of the service at once while it is filled. */
const FILLING = 8

/** What a caller asks for: a path with query, and header fields. */
export interface Target {
  path: string
  headers?: Record<string, string>
  /** How many the answer has. */
  playlists: number
}

/** An answer as it was checked. */
export interface Checked {
  /** Of the body as it was sent. */
  bytes: number
  etag: string
}

/** `GET` of a target as it goes over the wire. */
export function rawRequest(
  url: string,
  { path, headers = {} }: Pick<Target, 'path' | 'headers'>,
): Buffer {
  const fields = { host: new URL(url).host, 'user-agent': 'bench', ...headers }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1')
}

/**
 * Asks for every target once, so that all of it is stored, and checks each answer: 200, length,
 * coding, entity tag, number of playlists.
 *
 * @throws {AssertionError} when one is not as it should be.
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
  const { path, headers: asked = {}, playlists } = target
  const { statusCode, headers, body } = await pool.request({ path, method: 'GET', headers: asked })
  const bytes = Buffer.from(await body.arrayBuffer())
  assert.equal(statusCode, 200, path)
  assert.equal(headers['content-length'], String(bytes.length), path)
  assert.match(String(headers['content-type']), /^application\/json/, path)
  assert.equal(headers['content-encoding'], asked['accept-encoding'], path)
  assert.match(String(headers.etag), /^"[^"]+"$/, path)
  const text = asked['accept-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes
  assert.equal(JSON.parse(text.toString()).items.length, playlists, path)
  return { bytes: bytes.length, etag: String(headers.etag) }
}

/** Checks that whoever has the representation is told so, without a body. */
export async function checkNotModified(url: string, { path, headers }: Target): Promise<void> {
  const pool = new Pool(url)
  try {
    const answer = await pool.request({ path, method: 'GET', headers: headers ?? {} })
    assert.equal(answer.statusCode, 304, path)
    assert.equal(answer.headers.etag, headers?.['if-none-match'], path)
    assert.equal((await answer.body.text()).length, 0, path)
  } finally {
    await pool.close()
  }
}
