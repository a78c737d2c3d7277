import t from 'tap'
import { seconds } from '../support/service.ts'
import { startTracedService, traceparent } from '../support/traced-service.ts'
import { until } from '../support/until.ts'

const LIST = '/users/smedjan/playlists'

t.test('a background revalidation has a separate trace, with a link to the request', async t => {
  const { url, clock, sandbox, spans, lines } = await startTracedService(t)
  await (await fetch(url + LIST)).text()
  await clock.advance(seconds(301))
  const { traceId, headers } = traceparent(1)
  await (await fetch(url + LIST, { headers })).text()
  const revalidated = () =>
    lines().find(({ msg }) => msg === 'revalidated a stale response in the background')
  await until(() => revalidated() !== undefined)
  const all = await spans()
  const ofCaller = all.filter(span => span.traceId === traceId)
  t.match(ofCaller, [{ kind: 2, attributes: { 'playlist_proxy.cache_result': 'stale' } }])
  t.equal(ofCaller.length, 1, 'no request to Spotify belongs to this trace')
  const revalidation = all.find(({ name }) => name === 'refresh')
  t.equal(revalidation?.parentSpanId, undefined)
  t.match(revalidation?.links, [{ traceId, spanId: ofCaller[0]?.spanId }])
  const pages = all.filter(({ parentSpanId }) => parentSpanId === revalidation?.spanId)
  t.equal(pages.length, 3)
  t.ok(pages.every(span => String(span.attributes['url.full']).startsWith(sandbox.apiUrl)))
  t.match(revalidated(), { trace_id: revalidation?.traceId, span_id: revalidation?.spanId })
})

t.test('background work without a request has a span without links', async t => {
  const { tracing, spans } = await startTracedService(t)
  tracing.runInBackground('refresh', async () => {})
  await until(() => true)
  t.match(await spans(), [{ name: 'refresh', links: [] }])
})

t.test(
  'a token request belongs to the trace for the lookup that needs it, or to no trace',
  async t => {
    const { url, clock, sandbox, spans } = await startTracedService(t)
    await (await fetch(url + LIST)).text()
    sandbox.revokeTokens()
    const { traceId, headers } = traceparent(2)
    await (await fetch(`${url}/users/one/playlists`, { headers })).text()
    t.equal(sandbox.count('token'), 2)
    // The request that set the next renewal timer is over.
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
  },
)
