import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendJson } from './answer.ts'
import { answers } from './answers.ts'
import { readBody } from './body.ts'
import { fieldsOf, Invalid, oneOf, text, wholeNumber } from './fields.ts'
import type { Sandbox } from './running-sandbox.ts'
import { changedSwitches, SWITCH_NAMES, switchesReport } from './switches.ts'

const PREFIX = '/_sandbox'

/** Whether the request is for the control API. */
export function isControl(req: IncomingMessage): boolean {
  return /^\/_sandbox(\/|\?|$)/.test(String(req.url))
}

/** The control API, for a sandbox in a separate process. */
export async function answerControl(
  sandbox: Sandbox,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const body = await readBody(req)
  try {
    const value = run(sandbox, `${req.method} ${String(req.url).slice(PREFIX.length)}`, body)
    if (value !== undefined) return sendJson(res, 200, value)
    res.writeHead(204).end()
  } catch (error) {
    // Any other error is a bug without a status, so sendJson throws.
    const { status, message } = error as Invalid
    sendJson(res, status, { error: message })
  }
}

function run(sandbox: Sandbox, command: string, body: string | undefined) {
  const userId = /^PUT \/users\/([^/]+)$/.exec(command)?.[1]
  if (userId !== undefined) return putUser(sandbox, userId, body)
  const [, user = '', verb] = /^POST \/users\/([^/]+)\/(revoke|age|rename)$/.exec(command) ?? []
  switch (verb) {
    case 'revoke':
      return sandbox.revokeGrants(userIdOf(user))
    case 'age':
      return sandbox.ageGrants(userIdOf(user))
    case 'rename':
      return renameUser(sandbox, userIdOf(user), body)
  }
  switch (command) {
    case 'GET ':
      return report(sandbox)
    case 'PATCH ':
      return change(sandbox, body)
    case 'POST /faults':
      return addFault(sandbox, body)
    case 'DELETE /faults':
      return sandbox.clearFaults()
    case 'DELETE /requests':
      return sandbox.clear()
    case 'POST /revoke-tokens':
      return sandbox.revokeTokens()
    default:
      throw new Invalid(`${command.replace(' ', ` ${PREFIX}`)} does not exist`, 404)
  }
}

function report(sandbox: Sandbox): object {
  const { log, faults, users, latencyMs, tokenLifetimeSeconds, switches } = sandbox
  return {
    requests: {
      token: log.count('token'),
      api: log.count('api'),
      authorize: log.count('authorize'),
      other: log.count('other'),
    },
    peak_in_flight: log.peakInFlight,
    faults: faults.list(),
    answers: Object.keys(answers),
    users: users.ids(),
    latency_ms: latencyMs,
    token_lifetime_seconds: tokenLifetimeSeconds,
    ...switchesReport(switches),
  }
}

function change(sandbox: Sandbox, body: string | undefined): void {
  const fields = fieldsOf(body, ['latency_ms', 'token_lifetime_seconds', ...SWITCH_NAMES])
  const latencyMs = wholeNumber(fields, 'latency_ms', 0, 600_000)
  const lifetimeSeconds = wholeNumber(fields, 'token_lifetime_seconds', 0, 31_536_000)
  sandbox.switches = changedSwitches(sandbox.switches, fields)
  sandbox.latencyMs = latencyMs ?? sandbox.latencyMs
  sandbox.tokenLifetimeSeconds = lifetimeSeconds ?? sandbox.tokenLifetimeSeconds
}

function addFault(sandbox: Sandbox, body: string | undefined): void {
  const fields = fieldsOf(body, ['on', 'answer', 'times', 'user_id', 'offset', 'grant_type'])
  const times = wholeNumber(fields, 'times', 1, 1_000_000_000)
  const userId = text(fields, 'user_id')
  const offset = wholeNumber(fields, 'offset', 0, 100_000)
  const grantType = text(fields, 'grant_type')
  sandbox.fault({
    on: oneOf(fields, 'on', ['token', 'api']),
    answer: oneOf(fields, 'answer', Object.keys(answers) as Array<keyof typeof answers>),
    ...(times !== undefined && { times }),
    ...(userId !== undefined && { userId }),
    ...(offset !== undefined && { offset }),
    ...(grantType !== undefined && { grantType }),
  })
}

function putUser(sandbox: Sandbox, segment: string, body: string | undefined): void {
  const fields = fieldsOf(body, ['playlists', 'private_playlists'])
  const count = wholeNumber(fields, 'playlists', 0, 100_000)
  if (count === undefined) throw new Invalid('playlists is missing')
  const privateCount = wholeNumber(fields, 'private_playlists', 0, 100_000)
  sandbox.users.generate(userIdOf(segment), count, privateCount)
}

function renameUser(sandbox: Sandbox, userId: string, body: string | undefined): void {
  const to = text(fieldsOf(body, ['to']), 'to')
  if (!to) throw new Invalid('to is missing')
  sandbox.renameUser(userId, to)
}

function userIdOf(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new Invalid('the user id is not percent-encoded UTF-8')
  }
}
