import { type ServerResponse, STATUS_CODES } from 'node:http'

// For every response, Node joins the header fields and checks each of them, which takes a third of the time
// of a hit. These functions keep the end of a head that Node has built, and use it for later responses.

/** Node keeps the head of a response in this undocumented member until it writes the head. */
type WithHead = ServerResponse & { _header?: string | null }

/**
 * Writes the head of a response. `own` has the lines of the fields that only this response has; they must be
 * valid and contain the `Date`. `end` is what `buildHead` returned for a response with the same status and
 * the same other fields. Returns false if Node has to build the head of this response.
 */
export function reuseHead(
  response: ServerResponse,
  status: number,
  own: string,
  end: string | undefined,
): boolean {
  if (end === undefined || !staysConnected(response)) return false
  response.statusCode = status
  ;(response as WithHead)._header = beginningOf(status, own) + end
  // False in a version of Node that keeps the head elsewhere.
  return response.headersSent
}

/**
 * Lets Node build and write the head of a response with these flat fields (name, value, name, …). `own` are
 * the fields that only this response has, `Date` included. Returns the end of the head for `reuseHead`;
 * undefined if no other response can use that end.
 */
export function buildHead(
  response: ServerResponse,
  status: number,
  own: readonly string[],
  others: readonly string[],
): string | undefined {
  response.sendDate = false
  response.writeHead(status, [...own, ...others])
  const { _header: head } = response as WithHead
  const beginning = beginningOf(status, linesOf(own))
  if (!staysConnected(response) || !head?.startsWith(beginning)) return undefined
  return head.slice(beginning.length)
}

function beginningOf(status: number, own: string): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${own}`
}

/** Whether the response has the same `Connection` and `Keep-Alive` fields as most responses. */
function staysConnected({ shouldKeepAlive, req }: ServerResponse): boolean {
  return shouldKeepAlive && req.httpVersion === '1.1'
}

/** The lines of flat fields. */
export function linesOf(fields: readonly string[]): string {
  let lines = ''
  for (let at = 0; at < fields.length; at += 2) lines += `${fields[at]}: ${fields[at + 1]}\r\n`
  return lines
}
