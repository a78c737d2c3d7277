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

/** Starts a sandbox for the test, and a client for raw paths. */
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

/** The redirect URI in `consentFor`. */
export const REDIRECT_URI = 'http://127.0.0.1:3000/link/callback'
/** The example in RFC 7636 appendix B. */
export const PKCE = {
  verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
}

type SandboxClient = Awaited<ReturnType<typeof sandboxFor>>

/** Returns an authorization request target with changed values; undefined leaves out the parameter. */
export function authorizePath(changes: Record<string, string | undefined> = {}): string {
  const parameters = {
    client_id: 'sandbox-client',
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    state: 'a state',
    show_dialog: 'true',
    code_challenge_method: 'S256',
    code_challenge: PKCE.challenge,
    ...changes,
  }
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  return `/authorize?${new URLSearchParams(given as [string, string][])}`
}

/** Returns the query parameters in a redirect's address. */
export function sentBack({ status, headers }: Reply): Record<string, string> | undefined {
  if (status !== 302) return undefined
  return Object.fromEntries(new URL(String(headers.location)).searchParams)
}

/** Clients of a sandbox where the app has a redirect URI and users agree without a page. */
export function consentFor({ sandbox, call, requestToken }: SandboxClient) {
  Object.assign(sandbox.switches, { redirectUris: [REDIRECT_URI], consent: 'approve' })
  const code = async (changes?: Record<string, string | undefined>): Promise<string> =>
    String(sentBack(await call('GET', authorizePath(changes)))?.code)
  const exchange = (value: string, changes: Record<string, string> = {}) => {
    const form = { grant_type: 'authorization_code', code: value, redirect_uri: REDIRECT_URI }
    const body = { ...form, code_verifier: PKCE.verifier, ...changes }
    return requestToken({}, String(new URLSearchParams(body)))
  }
  const refresh = (token: string) =>
    requestToken(
      {},
      String(new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token })),
    )
  /** Returns the token response after a user's consent to these scopes. */
  const link = async (user: string, scope?: string) => {
    sandbox.switches.signedIn = user
    return (await exchange(await code({ scope }))).json()
  }
  const get = (path: string, token: string) =>
    call('GET', path, { authorization: `Bearer ${token}` })
  return { code, exchange, refresh, link, get }
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
