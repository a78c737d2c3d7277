import { pipeline, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGzip, gzipSync } from 'node:zlib'
import { type Answer, type AnswerContext, send } from './answer.ts'

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }
const GZIPPED = { ...JSON_TYPE, 'content-encoding': 'gzip' }
const MIB = 2 ** 20
const DRIP_INTERVAL_MS = 100

/** Ends the connection with a TCP reset before any byte of an answer. */
export const reset: Answer = ({ socket }) => {
  socket.resetAndDestroy()
}

/** Promises a whole page, sends half of it and ends the connection. */
export const resetMidBody: Answer = ({ res, socket, page }) => {
  const body = Buffer.from(JSON.stringify(page()))
  res.writeHead(200, { ...JSON_TYPE, 'content-length': body.length })
  res.write(half(body), () => socket.destroy())
}

/** Whole by HTTP's account, but the JSON ends in the middle. */
export const cutJson: Answer = ({ res, page }) =>
  send(res, 200, half(Buffer.from(JSON.stringify(page()))), JSON_TYPE)

/** Whole by HTTP's account, but the gzip stream ends in the middle. */
export const cutGzip: Answer = ({ res, page }) =>
  send(res, 200, half(gzipSync(JSON.stringify(page()))), GZIPPED)

/** Never answers. */
export const hang: Answer = () => {}

/** Sends a head and then a byte now and then, until the client has had enough. */
export const drip: Answer = ({ res }) => {
  res.writeHead(200, JSON_TYPE).write('{')
  const timer = setInterval(() => res.write(' '), DRIP_INTERVAL_MS).unref()
  res.once('close', () => clearInterval(timer))
}

/** A valid page followed by 64 MiB of blanks, made as fast as the client reads them. */
export const hugePage: Answer = ({ res, page }) => {
  res.writeHead(200, JSON_TYPE)
  pipeline(Readable.from(padded(JSON.stringify(page()), 64)), res, () => {
    // A client that hangs up is what this answer is for.
  })
}

/** Some 64 kB that inflate to 65 MiB of blanks. */
export const gzipBomb: Answer = context => {
  bomb ??= buffer(Readable.from(padded('', 65)).pipe(createGzip()))
  void explode(context, bomb)
}

let bomb: Promise<Buffer> | undefined

async function explode({ res }: AnswerContext, body: Promise<Buffer>): Promise<void> {
  send(res, 200, await body, GZIPPED)
}

/** Yields the same mebibyte again and again: the whole is never in memory. */
function* padded(text: string, mebibytes: number): Generator<Buffer> {
  yield Buffer.from(text)
  const blanks = Buffer.alloc(MIB, ' ')
  for (let sent = 0; sent < mebibytes; sent++) yield blanks
}

function half(body: Buffer): Buffer {
  return body.subarray(0, body.length / 2)
}
