import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

// The limit that hits are held against: plain node:http with one ready-made Buffer and the fewest
// header fields. Run as a process of its own; told over IPC how many bytes to answer with.

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
