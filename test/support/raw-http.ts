import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { AppInstance } from '../../src/http/app-instance.ts'

/** Makes the service listen, and returns the port. */
export async function listen(app: AppInstance): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

/** Sends these bytes and returns everything received until the connection closes. */
export function exchange(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(request)
  return text(socket)
}

export interface RawResponse {
  status: number
  headers: Record<string, string>
  body: string
}

/**
 * Parses responses to requests with these methods on one connection. Every body must have a length, as all
 * bodies from this service do.
 */
export function responsesIn(received: string, methods: readonly string[] = ['GET']): RawResponse[] {
  let rest = Buffer.from(received)
  return methods.map(method => {
    const end = rest.indexOf('\r\n\r\n')
    const [statusLine = '', ...fields] = rest.subarray(0, Math.max(end, 0)).toString().split('\r\n')
    const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(statusLine) ?? []
    if (status === undefined) throw new Error(`no response to ${method} in: ${rest}`)
    const headers = Object.fromEntries(
      fields.map(field => {
        const [, name = '', value = ''] = /^([^:]+): *(.*)$/.exec(field) ?? []
        return [name.toLowerCase(), value]
      }),
    )
    const length = method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0)
    const body = rest.subarray(end + 4, end + 4 + length)
    if (body.length < length) throw new Error(`the response to ${method} is incomplete`)
    rest = rest.subarray(end + 4 + length)
    return { status: Number(status), headers, body: body.toString() }
  })
}

/**
 * Returns the response to a client whose request takes too long to arrive. The test itself does not wait
 * for the time-out, half a minute.
 */
export async function timeoutResponse(app: AppInstance, port: number) {
  app.server.once('connection', socket => {
    const late = Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
    app.server.emit('clientError', late, socket)
  })
  const [response] = responsesIn(await exchange(port, ''))
  return response
}
