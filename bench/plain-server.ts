import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

// The reference for hits: plain node:http with a prepared Buffer and two header fields, in a separate process.
// The benchmark sets the body length over IPC.

let body = Buffer.alloc(0)
let head: string[] = []

const server = createServer((_request, response) => {
  response.writeHead(200, head).end(body)
})

process.on('message', (message: { bytes: number } | string) => {
  if (typeof message === 'string') return
  body = Buffer.alloc(message.bytes, 'x')
  head = ['content-type', 'application/json', 'content-length', String(message.bytes)]
  process.send?.({ isReady: true })
})

server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
