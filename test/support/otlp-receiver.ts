import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** What OTLP calls a key and a value, as one member. */
type Attributes = Record<string, string | number>

export interface ReceivedSpan {
  name: string
  traceId: string
  spanId: string
  /** Undefined for the root of a trace. */
  parentSpanId: string | undefined
  /** 1 internal, 2 server, 3 client. */
  kind: number
  /** 0 unset, 2 error. */
  status: { code?: number; message?: string }
  events: unknown[]
  links: { traceId: string; spanId: string }[]
  attributes: Attributes
  resource: Attributes
}

interface Post {
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
}

type Pairs = { key: string; value: { stringValue?: string; intValue?: number } }[]

interface JsonExport {
  resourceSpans: {
    resource: { attributes: Pairs }
    scopeSpans: {
      spans: (Omit<ReceivedSpan, 'attributes' | 'resource'> & { attributes: Pairs })[]
    }[]
  }[]
}

/** A collector on a free port of 127.0.0.1 that takes OTLP over HTTP. */
export async function startReceiver() {
  const posts: Post[] = []
  let answer: number | 'never' = 200
  const server = createServer(async (request, response) => {
    posts.push({
      path: String(request.url),
      headers: request.headers,
      body: await buffer(request),
    })
    server.emit('post')
    if (answer === 'never') return
    const { 'content-type': type = '' } = request.headers
    response.writeHead(answer, { 'content-type': type }).end(type.includes('json') ? '{}' : '')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    /** The status of its answers from now on; `never` leaves them away. */
    answerWith(status: number | 'never') {
      answer = status
    },
    /** All spans that have come as JSON, in the order in which they ended. */
    spans: () => posts.flatMap(({ body }) => spansIn(JSON.parse(body.toString()))),
    /** Resolves with the first span that fits, as soon as it has come. */
    async span(fits: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> {
      for (;;) {
        const span = receiver.spans().find(fits)
        if (span !== undefined) return span
        await once(server, 'post')
      }
    },
    async arrived(count: number) {
      while (posts.length < count) await once(server, 'post')
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return receiver
}

function spansIn({ resourceSpans }: JsonExport): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(span => ({
        ...span,
        attributes: members(span.attributes),
        resource: members(resource.attributes),
      })),
    ),
  )
}

function members(pairs: Pairs): Attributes {
  return Object.fromEntries(
    pairs.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]),
  )
}
