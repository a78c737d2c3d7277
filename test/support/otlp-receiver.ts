import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** OTLP attributes as an object. */
type Attributes = Record<string, string | number>

export interface ReceivedSpan {
  name: string
  traceId: string
  spanId: string
  /** Undefined for a trace root. */
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

/** Starts an OTLP/HTTP collector on a free 127.0.0.1 port. */
export async function startReceiver() {
  const posts: Post[] = []
  let nextStatus: number | 'never' = 200
  const server = createServer(async (request, response) => {
    posts.push({
      path: String(request.url),
      headers: request.headers,
      body: await buffer(request),
    })
    server.emit('post')
    if (nextStatus === 'never') return
    response.writeHead(nextStatus, { 'content-type': 'application/x-protobuf' }).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    /** Sets the status for later responses; `never` means no response. */
    respondWith(status: number | 'never') {
      nextStatus = status
    },
    /** All spans so far, in the order they ended. */
    spans: () => posts.flatMap(({ body }) => spansIn(body)),
    /** Waits for the first matching span. */
    async span(matches: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> {
      for (;;) {
        const span = receiver.spans().find(matches)
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

/**
 * The spans in an `ExportTraceServiceRequest`, by the field numbers of
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.9.0/opentelemetry/proto/trace/v1/trace.proto
 */
function spansIn(request: Buffer): ReceivedSpan[] {
  return messages(request, 1).flatMap(resourceSpans => {
    const [resource] = messages(resourceSpans, 1)
    return messages(resourceSpans, 2)
      .flatMap(scopeSpans => messages(scopeSpans, 2))
      .map(span => spanOf(span, resource as Buffer))
  })
}

function spanOf(span: Buffer, resource: Buffer): ReceivedSpan {
  const fields = fieldsOf(span)
  const [status = Buffer.alloc(0)] = messages(span, 15)
  const message = text(fieldsOf(status), 2)
  return {
    traceId: hex(fields, 1),
    spanId: hex(fields, 2),
    parentSpanId: hex(fields, 4) || undefined,
    name: text(fields, 5),
    kind: number(fields, 6),
    attributes: attributesOf(messages(span, 9)),
    events: messages(span, 11),
    links: messages(span, 13)
      .map(fieldsOf)
      .map(link => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
    status: { code: number(fieldsOf(status), 3), ...(message === '' ? {} : { message }) },
    resource: attributesOf(messages(resource, 1)),
  }
}

function attributesOf(pairs: Buffer[]): Attributes {
  return Object.fromEntries(
    pairs.map(pair => {
      const [value = Buffer.alloc(0)] = messages(pair, 2)
      const fields = fieldsOf(value)
      return [text(fieldsOf(pair), 1), fields.has(1) ? text(fields, 1) : number(fields, 3)]
    }),
  )
}

/** Returns the fields in a protobuf message: number to values. */
type Fields = Map<number, (number | Buffer)[]>

/** https://protobuf.dev/programming-guides/encoding/ */
function fieldsOf(message: Buffer): Fields {
  const fields: Fields = new Map()
  let at = 0
  const varint = () => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(at++)
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
  const bytes = (length: number) => {
    at += length
    return message.subarray(at - length, at)
  }
  while (at < message.length) {
    const tag = varint()
    const wireType = tag & 7
    const value =
      wireType === 0 ? varint() : bytes(wireType === 1 ? 8 : wireType === 5 ? 4 : varint())
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value])
  }
  return fields
}

function messages(message: Buffer, field: number): Buffer[] {
  return (fieldsOf(message).get(field) ?? []) as Buffer[]
}

function text(fields: Fields, field: number): string {
  return String(fields.get(field)?.[0] ?? '')
}

function hex(fields: Fields, field: number): string {
  return ((fields.get(field)?.[0] ?? Buffer.alloc(0)) as Buffer).toString('hex')
}

function number(fields: Fields, field: number): number {
  return Number(fields.get(field)?.[0] ?? 0)
}
