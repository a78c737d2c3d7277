import { mkdirSync, rmSync } from 'node:fs'
import t, { type Test } from 'tap'
import { admin, linkedServiceFor } from '../links/linked-service.ts'
import { Contract } from '../support/contract.ts'
import { exchange, listen, responsesIn, timeoutResponse } from '../support/raw-http.ts'

type LinkedService = Awaited<ReturnType<typeof linkedServiceFor>>
interface Asked {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  readonly url: string
  readonly payload?: object
}

const API_KEY = 'b'.repeat(32)
const caller = { authorization: `Bearer ${API_KEY}` }
const HTML = { accept: 'text/html' }

const INVITE: Asked = { method: 'POST', url: '/links', payload: { user: 'smedjan' } }
const LIST: Asked = { method: 'GET', url: '/links' }
const UNLINK: Asked = { method: 'DELETE', url: '/links/smedjan' }
const ALL = [INVITE, LIST, UNLINK]

const contract = new Contract()

/** Sends the request twice, for JSON and for HTML, and checks each response against openapi.yaml. */
async function hold(
  t: Test,
  { app }: LinkedService,
  asked: Asked,
  status: number,
  headers: Record<string, string> = {},
): Promise<void> {
  for (const accept of [{}, HTML]) {
    const response = await app.inject({ ...asked, headers: { ...headers, ...accept } })
    const { method, url } = asked
    t.equal(response.statusCode, status, `${method} ${url}`)
    const answer = { method, url, status, headers: response.headers, body: response.body }
    t.same(contract.faultsOf(answer), [], `${status} ${method} ${url}`)
  }
}

t.test('linked account admins get the documented responses', async t => {
  const service = await linkedServiceFor(t, ['smedjan'])
  await hold(t, service, INVITE, 201, admin)
  await hold(t, service, LIST, 200, admin)
  await hold(t, service, { ...LIST, method: 'HEAD' }, 200, admin)
  await hold(t, service, UNLINK, 204, admin)
})

t.test('the routes below /links refuse bad requests as documented', async t => {
  const service = await linkedServiceFor(t, [])
  await hold(t, service, { ...INVITE, payload: { user: ' ' } }, 400, admin)
  await hold(t, service, { ...INVITE, payload: {} }, 400, admin)
  await hold(t, service, { ...UNLINK, url: '/links/%20' }, 400, admin)
  for (const asked of ALL) await hold(t, service, asked, 400, { ...admin, host: 'a b' })
})

t.test('callers without an admin key get the documented 401 and 403 from /links', async t => {
  const service = await linkedServiceFor(t, [], { API_KEYS: `caller:${API_KEY}` })
  for (const asked of ALL) {
    await hold(t, service, asked, 401)
    await hold(t, service, asked, 403, caller)
  }
})

t.test('a caller over the limit gets the documented 429 from /links', async t => {
  const service = await linkedServiceFor(t, [], { CALLER_REQUESTS_PER_MINUTE: '1' })
  await service.get('/links', admin)
  for (const asked of ALL) {
    await hold(t, service, asked, 429, admin)
  }
})

t.test('a bug in a route below /links gets the documented 500', async t => {
  const service = await linkedServiceFor(t, [])
  const { now } = service.clock
  service.clock.now = () => {
    throw new Error('a bug')
  }
  await hold(t, service, INVITE, 500, admin)
  service.clock.now = now
})

t.test('an unwritable links file gets the documented 500', async t => {
  const service = await linkedServiceFor(t, ['smedjan'])
  rmSync(service.folder, { recursive: true })
  await hold(t, service, UNLINK, 500, admin)
  mkdirSync(service.folder)
  await hold(t, service, UNLINK, 204, admin)
})

t.test('the routes below /links refuse requests unparsable by Node as documented', async t => {
  const { app } = await linkedServiceFor(t, [])
  const port = await listen(app)
  for (const { method, url } of ALL) {
    const request = `${method} ${url} HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(65_536)}\r\n\r\n`
    const [tooLarge] = responsesIn(await exchange(port, request))
    t.equal(tooLarge?.status, 431)
    t.same(contract.faultsOf({ method, url, ...tooLarge } as never), [])
    const late = await timeoutResponse(app, port)
    t.equal(late?.status, 408)
    t.same(contract.faultsOf({ method, url, ...late } as never), [])
  }
})

t.test('the tests above have received every documented /links response', async t => {
  t.same(
    contract.unseen.filter(name => name.includes('/links')),
    [],
  )
})
