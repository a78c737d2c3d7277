import { pipeline, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGzip, gzipSync } from 'node:zlib'
import { type Answer, type AnswerContext, send } from './answer.ts'

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }
const GZIPPED = { ...JSON_TYPE, 'content-encoding': 'gzip' }
const MIB = 2 ** 20
const DRIP_INTERVAL_MS = 100

/** Resets the TCP connection before the first response byte. */
export const reset: Answer = ({ socket }) => {
  socket.resetAndDestroy()
}

/** Announces a whole page, sends half and closes the connection. */
export const resetMidBody: Answer = ({ res, socket, page }) => {
  const body = Buffer.from(JSON.stringify(page()))
  res.writeHead(200, { ...JSON_TYPE, 'content-length': body.length })
  res.write(half(body), () => socket.destroy())
}

/** Complete HTTP, truncated JSON. */
export const cutJson: Answer = ({ res, page }) =>
  send(res, 200, half(Buffer.from(JSON.stringify(page()))), JSON_TYPE)

/** Complete HTTP, truncated gzip. */
export const cutGzip: Answer = ({ res, page }) =>
  send(res, 200, half(gzipSync(JSON.stringify(page()))), GZIPPED)

/** Never responds. */
export const hang: Answer = () => {}

/** Sends a head and then one byte at a time, until the client disconnects. */
export const drip: Answer = ({ res }) => {
  res.writeHead(200, JSON_TYPE).write('{')
  const timer = setInterval(() => res.write(' '), DRIP_INTERVAL_MS).unref()
  res.once('close', () => clearInterval(timer))
}

/** A valid page followed by 64 MiB of spaces, as fast as the client reads. */
export const hugePage: Answer = ({ res, page }) => {
  res.writeHead(200, JSON_TYPE)
  pipeline(Readable.from(padded(JSON.stringify(page()), 64)), res, () => {
    // The client is expected to disconnect.
  })
}

/** About 64 kB, inflating to 65 MiB of spaces. */
export const gzipBomb: Answer = context => {
  bomb ??= buffer(Readable.from(padded('', 65)).pipe(createGzip()))
  void explode(context, bomb)
}

let bomb: Promise<Buffer> | undefined

async function explode({ res }: AnswerContext, body: Promise<Buffer>): Promise<void> {
  send(res, 200, await body, GZIPPED)
}

/** Yields the same mebibyte repeatedly, so the whole is never in memory. */
function* padded(text: string, mebibytes: number): Generator<Buffer> {
  yield Buffer.from(text)
  const spaces = Buffer.alloc(MIB, ' ')
  for (let sent = 0; sent < mebibytes; sent++) yield spaces
}

function half(body: Buffer): Buffer {
  return body.subarray(0, body.length / 2)
}
