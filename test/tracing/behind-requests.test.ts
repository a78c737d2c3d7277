import t from 'tap'
import { seconds } from '../support/service.ts'
import { startTracedService, traceparent } from '../support/traced-service.ts'
import { until } from '../support/until.ts'

const LIST = '/users/smedjan/playlists'

t.test(
  'a refresh behind a stale answer is a trace of its own, linked to what led to it',
  async t => {
    const { url, clock, sandbox, spans, lines } = await startTracedService(t)
    await (await fetch(url + LIST)).text()
    await clock.advance(seconds(301))
    const { traceId, headers } = traceparent(1)
    await (await fetch(url + LIST, { headers })).text()
    const refreshed = () => lines().find(({ msg }) => msg === 'refreshed behind a stale answer')
    await until(() => refreshed() !== undefined)
    const all = await spans()
    const ofCaller = all.filter(span => span.traceId === traceId)
    t.match(ofCaller, [{ kind: 2, attributes: { 'playlist_proxy.cache_result': 'stale' } }])
    t.equal(ofCaller.length, 1, 'no request to Spotify was for this answer')
    const refresh = all.find(({ name }) => name === 'refresh')
    t.equal(refresh?.parentSpanId, undefined)
    t.match(refresh?.links, [{ traceId, spanId: ofCaller[0]?.spanId }])
    const pages = all.filter(({ parentSpanId }) => parentSpanId === refresh?.spanId)
    t.equal(pages.length, 3)
    t.ok(pages.every(span => String(span.attributes['url.full']).startsWith(sandbox.apiUrl)))
    t.match(refreshed(), { trace_id: refresh?.traceId, span_id: refresh?.spanId })
  },
)

t.test('a refresh that nobody caused has no link', async t => {
  const { tracing, spans } = await startTracedService(t)
  tracing.runInBackground('refresh', async () => {})
  await until(() => true)
  t.match(await spans(), [{ name: 'refresh', links: [] }])
})

t.test('a token is asked for within the request that needs it, else by itself', async t => {
  const { url, clock, sandbox, spans } = await startTracedService(t)
  await (await fetch(url + LIST)).text()
  sandbox.revokeTokens()
  const { traceId, headers } = traceparent(2)
  await (await fetch(`${url}/users/one/playlists`, { headers })).text()
  t.equal(sandbox.count('token'), 2)
  // The timer was set within that request, which is long over.
  await clock.advance(seconds(3600))
  await sandbox.arrived('token', 3)
  await until(() => !clock.pending.includes(5000))
  const tokens = (await spans()).filter(({ name, kind }) => name === 'POST' && kind === 3)
  t.match(
    tokens.map(span => span.traceId === traceId),
    [false, true, false],
  )
  t.same(
    tokens.map(({ parentSpanId }) => parentSpanId === undefined),
    [true, false, true],
  )
})
