import { mkdirSync, rmSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { AnswerName } from '../../sandbox/sandbox.ts'
import type { ProblemType } from '../../src/problems/problem.ts'
import { admin, linkedServiceFor } from '../links/linked-service.ts'
import { Contract } from '../support/contract.ts'
import { spentBudget } from '../support/problem-cases.ts'
import { listen, timeoutResponse } from '../support/raw-http.ts'

type LinkedService = Awaited<ReturnType<typeof linkedServiceFor>>
interface Asked {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly url: string
  readonly form?: Record<string, string>
}

const OWNER = 'with-private'
const HTML = { accept: 'text/html' }
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

const contract = new Contract()

/** Sends a request, checks the response against openapi.yaml, and returns the body. */
async function hold(
  t: Test,
  { app, clock }: LinkedService,
  { method, url, form }: Asked,
  status: number,
  headers: Record<string, string> = {},
  meanwhile: () => unknown = () => {},
): Promise<string> {
  const payload = new URLSearchParams(form).toString()
  const body = method === 'POST' ? { payload } : {}
  const asked = app.inject({ method, url, headers: { ...FORM, ...headers }, ...body })
  await meanwhile()
  const response = await clock.runUntil(asked)
  t.equal(response.statusCode, status, `${method} ${url}`)
  const answer = { method, url, status, headers: response.headers, body: response.body }
  t.same(contract.faultsOf(answer), [], `${status} ${method} ${url}`)
  return response.body
}

/** Returns the path and query from a URL. */
function targetOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

/** Invites the owner. Returns the invitation path. */
async function invite({ app }: LinkedService): Promise<string> {
  const payload = { user: OWNER }
  const { page } = (
    await app.inject({ method: 'POST', url: '/links', payload, headers: admin })
  ).json()
  return targetOf(page)
}

/** Requests that can end a consent after the owner's decision at Spotify. */
const endings: Record<string, (service: LinkedService) => Promise<Asked>> = {
  async callback(service) {
    const { back } = await answered(service)
    return { method: 'GET', url: targetOf(back) }
  },
  async finish(service) {
    const { page, back } = await answered(service)
    return { method: 'POST', url: `${page}/finish`, form: { url: back } }
  },
}

/** An invitation path, and the URL to which Spotify redirects the browser. */
async function answered(service: LinkedService): Promise<{ page: string; back: string }> {
  const page = await invite(service)
  const begun = await service.app.inject({ method: 'POST', url: page, headers: FORM })
  const { headers } = await fetch(String(begun.headers.location), { redirect: 'manual' })
  return { page, back: String(headers.get('location')) }
}

/** A consent ending with a problem. */
interface Case {
  readonly type: ProblemType
  readonly status: number
  readonly variables?: Record<string, string>
  readonly headers?: Record<string, string>
  /** Runs before the owner's decision at Spotify. */
  readonly before?: (service: LinkedService) => unknown
  /** Runs after the owner's decision at Spotify. */
  readonly provoke?: (service: LinkedService) => unknown
  /** Runs while the request is in flight. */
  readonly meanwhile?: (service: LinkedService) => unknown
}

const spotify =
  (on: 'api' | 'token', answer: AnswerName) =>
  ({ sandbox }: LinkedService) =>
    sandbox.fault({ on, answer })

/** Starts a lookup that occupies all slots until the test ends. */
async function occupySlots({ get, sandbox }: LinkedService): Promise<void> {
  const sent = sandbox.count('api')
  sandbox.hold('api')
  void get('/users/one/playlists')
  await sandbox.arrived('api', sent + 1)
}

/** Makes the clock throw after the last request to the sandbox, which shares the clock. */
async function breakClock({ get, clock }: LinkedService): Promise<void> {
  await get('/users/one/playlists')
  clock.now = () => {
    throw new Error('a bug')
  }
}

/** Every problem that can end a consent. */
const cases: readonly Case[] = [
  { type: 'bad-request', status: 400, headers: { host: 'a b' } },
  {
    type: 'link-invalid',
    status: 400,
    provoke: ({ clock }) => clock.suspend(600_000),
  },
  {
    type: 'link-declined',
    status: 403,
    before: ({ sandbox }) => {
      sandbox.switches.consent = 'deny'
    },
  },
  {
    type: 'link-wrong-account',
    status: 409,
    before: ({ sandbox }) => {
      sandbox.switches.signedIn = 'smedjan'
    },
  },
  { type: 'user-not-found', status: 404, provoke: spotify('api', 'not-found') },
  { type: 'spotify-bad-response', status: 502, provoke: spotify('api', 'html') },
  { type: 'spotify-access-denied', status: 502, provoke: spotify('api', 'forbidden') },
  {
    type: 'spotify-credentials-rejected',
    status: 503,
    provoke: spotify('token', 'invalid-client'),
  },
  { type: 'spotify-unavailable', status: 503, provoke: spotify('token', 'server-error') },
  { type: 'spotify-rate-limited', status: 503, provoke: spotify('api', 'rate-limited') },
  { type: 'spotify-quota-exceeded', status: 503, provoke: spotify('api', 'quota-exceeded') },
  { type: 'quota-budget-spent', status: 503, ...spentBudget },
  {
    type: 'overloaded',
    status: 503,
    variables: { SPOTIFY_CONCURRENCY: '1', SPOTIFY_QUEUE: '0' },
    provoke: occupySlots,
  },
  {
    type: 'shutting-down',
    status: 503,
    provoke: ({ sandbox }) => sandbox.hold('api'),
    async meanwhile({ app, sandbox }) {
      await sandbox.arrived('api', 1)
      await app.close()
    },
  },
  {
    type: 'deadline-exceeded',
    status: 504,
    variables: { SPOTIFY_CONCURRENCY: '1', SPOTIFY_TIMEOUT_MS: '60000' },
    provoke: occupySlots,
    async meanwhile({ get, clock }) {
      const queued = async () => (await get('/status')).json().spotify.queued
      while ((await queued()) === 0) await clock.advance(0)
      await clock.advance(60_000)
    },
  },
  {
    type: 'internal-error',
    status: 500,
    provoke: breakClock,
  },
]

for (const [name, ending] of Object.entries(endings)) {
  t.test(`a consent ending with ${name} redirects as documented`, async t => {
    const service = await linkedServiceFor(t, [])
    service.sandbox.switches.signedIn = OWNER
    await hold(t, service, await ending(service), 303)
  })

  for (const { type, status, variables, headers, before, provoke, meanwhile } of cases) {
    t.test(`${name} reports ${type} as documented`, async t => {
      for (const accept of [{}, HTML]) {
        const service = await linkedServiceFor(t, [], variables)
        service.sandbox.switches.signedIn = OWNER
        await before?.(service)
        const asked = await ending(service)
        service.sandbox.clear()
        await provoke?.(service)
        const fields = { ...headers, ...accept }
        const body = await hold(t, service, asked, status, fields, () => meanwhile?.(service))
        if (!('accept' in accept)) t.equal(JSON.parse(body).type, `/problems/${type}`)
      }
    })
  }
}

t.test('the owner page and buttons have the documented responses', async t => {
  const service = await linkedServiceFor(t, [OWNER])
  service.clock.suspend(1000)
  const url = await invite(service)
  await hold(t, service, { method: 'GET', url }, 200, HTML)
  await hold(t, service, { method: 'HEAD', url }, 200, HTML)
  await hold(t, service, { method: 'POST', url }, 303)
  const nowhere = '/link/nonsense'
  const end = { action: 'end' }
  for (const accept of [{}, HTML]) {
    await hold(t, service, { method: 'GET', url: nowhere }, 400, accept)
    await hold(t, service, { method: 'POST', url: nowhere }, 400, accept)
    await hold(t, service, { method: 'GET', url }, 400, { ...accept, host: 'a b' })
    await hold(t, service, { method: 'POST', url, form: { action: 'x' } }, 400, accept)
  }
  rmSync(service.folder, { recursive: true })
  for (const accept of [{}, HTML]) {
    await hold(t, service, { method: 'POST', url, form: end }, 500, accept)
  }
  mkdirSync(service.folder)
  await hold(t, service, { method: 'POST', url, form: end }, 200, HTML)
})

t.test('a bug on the owner page gets the documented 500', async t => {
  const service = await linkedServiceFor(t, [])
  const url = await invite(service)
  await breakClock(service)
  for (const accept of [{}, HTML]) {
    await hold(t, service, { method: 'GET', url }, 500, accept)
    await hold(t, service, { method: 'POST', url }, 500, accept)
  }
})

/** A request for each operation. None needs a consent. */
const plain: readonly Asked[] = [
  { method: 'GET', url: '/link/x' },
  { method: 'POST', url: '/link/x' },
  { method: 'POST', url: '/link/x/finish' },
  { method: 'GET', url: '/link/callback' },
]

t.test('the routes below /link refuse excess requests and long fields as documented', async t => {
  const service = await linkedServiceFor(t, [], { CALLER_REQUESTS_PER_MINUTE: '1' })
  const tooLong = { 'x-forwarded-for': 'x'.repeat(1025) }
  await service.get('/link/x')
  for (const asked of plain) {
    for (const accept of [{}, HTML]) {
      await hold(t, service, asked, 431, { ...tooLong, ...accept })
      await hold(t, service, asked, 429, accept)
    }
  }
})

t.test('a request to /link that arrives too slowly gets the documented 408', async t => {
  const { app } = await linkedServiceFor(t, [])
  const port = await listen(app)
  for (const { method, url } of plain) {
    const late = await timeoutResponse(app, port)
    t.equal(late?.status, 408)
    t.same(contract.faultsOf({ method, url, ...late } as never), [])
  }
})

t.test('the tests above have received every documented response below /link/', async t => {
  t.same(
    contract.unseen.filter(name => name.includes('/link/')),
    [],
  )
})
