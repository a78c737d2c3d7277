import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { LRUCache } from 'lru-cache'
import { request } from 'undici'

// The second reference for hits: a hand-written Fastify route that finds a response in an LRU cache and sends
// it, without a log. This process copies the service's responses, so fields and bytes are the same. The
// benchmark sends the paths to copy over IPC.

interface Stored {
  etag: string
  fields: Record<string, string | string[]>
  notModifiedFields: Record<string, string | string[]>
  body: Buffer
}

const responses = new LRUCache<string, Stored>({ max: 10_000 })
const app = Fastify()

app.get<{ Params: { id: string } }>('/users/:id/playlists', (incoming, reply) => {
  const stored = responses.get(incoming.params.id)
  if (stored === undefined) {
    reply.code(404).send()
  } else if (incoming.headers['if-none-match'] === stored.etag) {
    reply.code(304).headers(stored.notModifiedFields).send()
  } else {
    reply.headers(stored.fields).send(stored.body)
  }
})

/** Fetches a response from the service, without the fields added by Node. */
async function copied(url: string, headers: Record<string, string> = {}) {
  const response = await request(url, { headers })
  const { date, connection, 'keep-alive': keepAlive, ...fields } = response.headers
  const body = Buffer.from(await response.body.arrayBuffer())
  return { fields: fields as Stored['fields'], body }
}

process.on('message', async (message: { copyFrom: string; paths: string[] } | string) => {
  if (typeof message === 'string') return
  for (const path of message.paths) {
    const url = message.copyFrom + path
    const { fields, body } = await copied(url)
    const etag = String(fields.etag)
    const { fields: notModifiedFields } = await copied(url, { 'if-none-match': etag })
    const [, id = ''] = /^\/users\/([^/]+)/.exec(path) ?? []
    responses.set(id, { etag, fields, notModifiedFields, body })
  }
  process.send?.({ isReady: true })
})

await app.listen({ port: 0, host: '127.0.0.1' })
process.send?.({ port: (app.server.address() as AddressInfo).port })
