import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { openapiDocument } from '../scripts/openapi-document.ts'
import { seconds, startService } from './support/service.ts'

interface Operation {
  responses: Record<string, { content: Record<string, unknown>; headers?: object }>
}

t.test('openapi.yaml is what the routes of the service say', async t => {
  t.equal(readFileSync('openapi.yaml', 'utf8'), await openapiDocument(), 'else: npm run openapi')
})

t.test('the service answers with statuses and media types that openapi.yaml names', async t => {
  const { paths } = parse(await openapiDocument()) as {
    paths: Record<string, { get: Operation }>
  }
  const { get, sandbox, clock } = await startService(t)
  const named = async (path: string, url: string, headers: Record<string, string> = {}) => {
    const response = await get(url, headers)
    const [type = ''] = String(response.headers['content-type']).split(';')
    const documented = paths[path]?.get.responses[response.statusCode]
    t.ok(type in (documented?.content ?? {}), `${response.statusCode} ${type} of ${url}`)
    if ('retry-after' in response.headers) {
      t.ok('Retry-After' in (documented?.headers ?? {}), `Retry-After of ${url}`)
    }
  }
  const lists = '/users/{id}/playlists'
  await named(lists, '/users/one/playlists')
  await named(lists, '/users/one/playlists?format=text')
  await named(lists, '/users/one/playlists?limit=0')
  await named(lists, '/users/one/playlists', { accept: 'image/png' })
  await named('/health/live', '/health/live')
  await named('/health/ready', '/health/ready')
  for (const answer of ['not-found', 'forbidden', 'html', 'quota-exceeded'] as const) {
    sandbox.fault({ on: 'api', times: 1, answer })
    await named(lists, `/users/${answer}/playlists`)
    // Past every refusal, so that the next answer is met, too.
    await clock.advance(seconds(86_400))
  }
  sandbox.fault({ on: 'api', answer: 'hang' })
  const slow = named(lists, '/users/slow/playlists')
  await clock.advance(0)
  await clock.advance(seconds(15))
  await slow
})
