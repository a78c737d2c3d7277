import type { Test } from 'tap'
import { type Dispatcher, Pool } from 'undici'
import { type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts'

type Headers = Record<string, string>

export interface Reply {
  status: number
  headers: Dispatcher.ResponseData['headers']
  body: Buffer
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test states what it expects of a JSON response
  json: () => any
}

/** Starts a sandbox for the test, and a client that sends raw paths. */
export async function sandboxFor(t: Test, options: SandboxOptions = {}) {
  const sandbox = await startSandbox(options)
  const origin = new URL(sandbox.apiUrl).origin
  const pool = new Pool(origin)
  t.teardown(async () => {
    await pool.destroy()
    await sandbox.close()
  })
  const send = (method: string, path: string, headers: Headers = {}, body?: string) =>
    pool.request({ method: method as Dispatcher.HttpMethod, path, headers, body: body ?? null })
  const call = async (method: string, path: string, headers: Headers = {}, body?: string) =>
    replyOf(await send(method, path, headers, body))
  const requestToken = (headers: Headers = {}, body = 'grant_type=client_credentials') =>
    call('POST', '/api/token', { ...credentials(sandbox), ...FORM, ...headers }, body)
  const token = async (): Promise<string> => (await requestToken()).json().access_token
  const bearer = async (): Promise<Headers> => ({ authorization: `Bearer ${await token()}` })
  const control = (method: string, path = '', value?: unknown) =>
    call(method, `/_sandbox${path}`, {}, value === undefined ? undefined : JSON.stringify(value))
  return { sandbox, origin, pool, send, call, requestToken, token, bearer, control }
}

export const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

export function credentials(app: { clientId: string; clientSecret: string }): Headers {
  const encoded = Buffer.from(`${app.clientId}:${app.clientSecret}`).toString('base64')
  return { authorization: `Basic ${encoded}` }
}

async function replyOf({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Reply> {
  const bytes = Buffer.from(await body.arrayBuffer())
  const text = bytes.toString()
  return { status: statusCode, headers, body: bytes, text, json: () => JSON.parse(text) }
}
