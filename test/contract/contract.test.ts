import { promisify } from 'node:util'
import { brotliDecompress, gunzip } from 'node:zlib'
import t from 'tap'
import type { AnswerName } from '../../sandbox/answers.ts'
import { FORMATS } from '../../src/http/formats.ts'
import { Contract } from '../support/contract.ts'
import { type Service, seconds, startService } from '../support/service.ts'

const decoders: Record<string, (bytes: Buffer) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  br: promisify(brotliDecompress),
}

/** Which path of the contract a URL belongs to. */
function pathOf(url: string): string {
  const [path = ''] = url.split('?')
  return path
    .replace(/\/users\/[^/]+\//, '/users/{id}/')
    .replace(/^\/problems\/[^/]+$/, '/problems/{type}')
}

/** Asks the service and holds the answer against the contract. */
function holder(contract: Contract, { app }: Service) {
  return async (
    url: string,
    headers: Record<string, string> = {},
    method: 'GET' | 'HEAD' = 'GET',
  ) => {
    const response = await app.inject({ method, url, headers })
    const decode = decoders[String(response.headers['content-encoding'])]
    const bytes =
      decode === undefined || method === 'HEAD'
        ? response.rawPayload
        : await decode(response.rawPayload)
    const faults = contract.faultsOf({
      path: pathOf(url),
      method,
      status: response.statusCode,
      headers: response.headers,
      body: bytes.toString(),
    })
    return { faults, response }
  }
}

const contract = new Contract()
const LISTS = ['/users/smedjan/playlists', '/v1/users/smedjan/playlists']

t.test('every format, coding, window and validator is answered as documented', async t => {
  const hold = holder(contract, await startService(t))
  const urls = [
    ...FORMATS.map(format => `${LISTS[0]}?format=${format}`),
    ...FORMATS.map(format => `${LISTS[0]}?format=${format}&limit=7&offset=3`),
    ...FORMATS.map(format => `/users/empty/playlists?format=${format}`),
    ...['', '?limit=50&offset=50', '?offset=100000'].map(query => `${LISTS[1]}${query}`),
    '/v1/users/with-nulls/playlists?limit=1',
    '/health/live',
    '/health/ready',
    '/status',
    '/openapi.yaml',
    '/problems',
    '/problems/not-found',
  ]
  for (const url of urls) {
    for (const coding of ['identity', 'gzip', 'br']) {
      const accepted = { 'accept-encoding': coding }
      const { faults, response } = await hold(url, accepted)
      t.same(faults, [], `${url} ${coding}`)
      t.equal(response.statusCode, 200)
      t.same((await hold(url, accepted, 'HEAD')).faults, [], `HEAD ${url} ${coding}`)
      const etag = response.headers.etag
      if (etag === undefined) continue
      for (const method of ['GET', 'HEAD'] as const) {
        const again = await hold(url, { ...accepted, 'if-none-match': String(etag) }, method)
        t.same(again.faults, [], `304 ${url} ${coding}`)
        t.equal(again.response.statusCode, 304)
      }
    }
  }
  for (const url of ['/problems', '/problems/not-found']) {
    t.same((await hold(url, { accept: 'text/html' })).faults, [])
  }
})

t.test('every refusal of a request is answered as documented', async t => {
  const service = await startService(t)
  const hold = holder(contract, service)
  for (const list of LISTS) {
    for (const [url, headers, status] of [
      [`${list}?limit=0`, {}, 400],
      [`${list}?offset=1&offset=2`, {}, 400],
      [list.replace('smedjan', '%20'), {}, 400],
      [list, { 'accept-encoding': 'identity;q=0' }, 406],
      [list, { 'cache-control': 'only-if-cached' }, 504],
    ] as const) {
      const { faults, response } = await hold(url, headers)
      t.same(faults, [], url)
      t.equal(response.statusCode, status, url)
      const { error } = response.json()
      t.equal(error.status, status, 'in both shapes')
    }
  }
  t.same((await hold('/problems/none')).faults, [])
  t.equal(service.sandbox.count('api'), 0)
})

const failures: [answer: AnswerName, status: number][] = [
  ['not-found', 404],
  ['forbidden', 502],
  ['html', 502],
  ['quota-exceeded', 503],
  ['unavailable-html', 503],
]

t.test('every failure of Spotify is answered as documented', async t => {
  for (const list of LISTS) {
    for (const [answer, status] of failures) {
      const service = await startService(t)
      const hold = holder(contract, service)
      service.sandbox.fault({ on: 'api', answer })
      for (const attempt of ['first', 'second']) {
        const { faults, response } = await service.clock.runUntil(hold(list))
        t.same(faults, [], `${answer}, ${attempt}`)
        t.equal(response.statusCode, status)
      }
    }
    const service = await startService(t, { SPOTIFY_TIMEOUT_MS: '60000' })
    service.sandbox.fault({ on: 'api', answer: 'hang' })
    const slow = holder(contract, service)(list)
    await service.clock.advance(0)
    await service.clock.advance(seconds(15))
    t.same((await slow).faults, [])
    t.equal((await slow).response.statusCode, 504)
  }
})

t.test('credentials that Spotify rejects are answered as documented', async t => {
  const service = await startService(t, { SPOTIFY_CLIENT_SECRET: 'wrong' })
  const hold = holder(contract, service)
  for (const url of [...LISTS, '/health/ready']) {
    const { faults, response } = await hold(url)
    t.same(faults, [], url)
    t.equal(response.statusCode, 503)
  }
  const odd = await startService(t)
  odd.sandbox.fault({ on: 'token', answer: 'token-html' })
  const hold502 = holder(contract, odd)
  for (const url of [...LISTS, '/health/ready']) {
    const { faults, response } = await hold502(url)
    t.same(faults, [], url)
    t.equal(response.statusCode, 502)
  }
})

t.test('nothing is documented that was not seen, and every example is right', async t => {
  // Bugs, and what Node's parser refuses before there is a path, cannot be had by asking for one.
  const unreachable = / 500 |^\/(?:health|status|openapi|problems).* 400 /
  t.same(
    contract.unseen.filter(name => !unreachable.test(name)),
    [],
  )
  t.same(contract.badExamples, [])
})
