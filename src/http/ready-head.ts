import { type ServerResponse, STATUS_CODES } from 'node:http'

// For every response, Node joins the header fields and checks each one, which takes a third of the time for a
// hit. These functions keep the end of a head built by Node, and reuse it for later responses.

/** Node keeps a response head in this undocumented member until writing it. */
type WithHead = ServerResponse & { _header?: string | null }

/**
 * Writes a response head. `own` contains the field lines specific to this response; they must be valid and
 * include `Date`. `end` is what `buildHead` returned for a response with the same status and the same other
 * fields. Returns false if Node has to build the head for this response.
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
  // False in a Node version that keeps the head elsewhere.
  return response.headersSent
}

/**
 * Lets Node build and write a response head with these flat fields (name, value, name, …). `own` contains the
 * fields specific to this response, including `Date`. Returns the end of the head for `reuseHead`; undefined if
 * no other response can use it.
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

/** Formats flat fields as lines. */
export function linesOf(fields: readonly string[]): string {
  let lines = ''
  for (let at = 0; at < fields.length; at += 2) lines += `${fields[at]}: ${fields[at + 1]}\r\n`
  return lines
}
