import t from 'tap'
import { prepareTracing } from '../../src/tracing/prepare.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { startReceiver } from '../support/otlp-receiver.ts'
import { setEnvironment, startTracedService, traceparent } from '../support/traced-service.ts'
import { until } from '../support/until.ts'

const LIST = '/users/smedjan/playlists'
/** Variables that make the SDK deliver each span immediately. */
const AT_ONCE = { OTEL_BSP_SCHEDULE_DELAY: '0', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' }

t.test('spans contain the service, its version and OTEL_RESOURCE_ATTRIBUTES', async t => {
  const { url, spans } = await startTracedService(t, {
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=other',
  })
  await (await fetch(`${url}/status`)).text()
  const [span] = await spans()
  t.match(span?.resource, {
    'service.name': 'other',
    'service.version': /^\d+\.\d+\.\d+$/,
    'deployment.environment.name': 'test',
  })
})

t.test('OTEL_SERVICE_NAME overrides service.name, which defaults to playlist-proxy', async t => {
  for (const [otel, name] of [
    [{ OTEL_SERVICE_NAME: 'mine', OTEL_RESOURCE_ATTRIBUTES: 'service.name=other' }, 'mine'],
    [{ OTEL_SERVICE_NAME: '', OTEL_RESOURCE_ATTRIBUTES: '' }, 'playlist-proxy'],
  ] as const) {
    await t.test(name, async t => {
      const { url, spans } = await startTracedService(t, otel)
      await (await fetch(`${url}/status`)).text()
      const [span] = await spans()
      t.equal(span?.resource['service.name'], name)
    })
  }
})

t.test('the exporter sends OTLP as protobuf, with the configured headers', async t => {
  const { url, receiver, tracing } = await startTracedService(t, {
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=one',
  })
  const { traceId, headers } = traceparent(0x1234)
  await (await fetch(`${url}/status`, { headers })).text()
  await tracing.stop(1000)
  const [post] = receiver.posts
  t.match(post, {
    path: '/v1/traces',
    headers: { 'content-type': 'application/x-protobuf', 'x-tenant': 'one' },
  })
  for (const part of ['GET /status', 'playlist-proxy']) t.ok(post?.body.includes(part), part)
  t.ok(post?.body.includes(Buffer.from(traceId, 'hex')))
})

t.test('OTEL_TRACES_SAMPLER sets the sampler', async t => {
  const { url, spans } = await startTracedService(t, { OTEL_TRACES_SAMPLER: 'always_off' })
  await (await fetch(url + LIST)).text()
  t.same(await spans(), [])
})

t.test('with OTEL_PROPAGATORS=none, the request span has no parent', async t => {
  const { url, spans } = await startTracedService(t, { OTEL_PROPAGATORS: 'none' })
  await (await fetch(`${url}/status`, { headers: traceparent(1).headers })).text()
  t.match(
    (await spans()).filter(({ kind }) => kind === 2),
    [{ name: 'GET /status', parentSpanId: undefined }],
  )
})

t.test('an invalid SDK variable causes one warning', async t => {
  const { lines } = await startTracedService(t, {
    OTEL_TRACES_SAMPLER: 'some',
    OTEL_BSP_SCHEDULE_DELAY: 'soon',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'zip',
    OTEL_PROPAGATORS: 'b3',
  })
  const warnings = lines().filter(({ level }) => level === 'warn')
  for (const name of [
    'OTEL_TRACES_SAMPLER',
    'OTEL_BSP_SCHEDULE_DELAY',
    'OTEL_EXPORTER_OTLP_COMPRESSION',
    'OTEL_PROPAGATORS',
  ]) {
    t.equal(warnings.filter(({ msg }) => msg.includes(name)).length, 1, name)
  }
})

t.test('the log reports when deliveries start failing and when they work again', async t => {
  const { url, receiver, lines } = await startTracedService(t, AT_ONCE)
  const logged = () =>
    lines().flatMap(({ msg }) => (/(deliver traces|delivered again)$/.test(msg) ? [msg] : []))
  // The exporter does not retry after this status.
  receiver.respondWith(400)
  for (const count of [1, 2, 3]) {
    t.equal((await fetch(`${url}/status`)).status, 200)
    await receiver.arrived(count)
  }
  await until(() => logged().length > 0)
  receiver.respondWith(200)
  await (await fetch(`${url}/status`)).text()
  await until(() => logged().length > 1)
  t.same(logged(), ['failed to deliver traces', 'traces are delivered again'])
  t.match(
    lines().find(({ msg }) => msg === 'failed to deliver traces'),
    { level: 'warn', err: { message: String } },
  )
})

t.test('stopping tracing never waits longer than the limit for a hanging collector', async t => {
  const receiver = await startReceiver()
  receiver.respondWith('never')
  t.teardown(() => receiver.close())
  setEnvironment(t, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url })
  const clock = new ManualClock()
  const { logger, lines } = recordingLogger()
  const tracing = (await prepareTracing(process.env)).start(logger, clock)
  tracing.runInBackground('refresh', async () => {})
  await until(() => true)
  const stopped = tracing.stop(800)
  await receiver.arrived(1)
  await clock.advance(800)
  await stopped
  t.match(lines(), [
    { msg: 'failed to deliver the last traces', err: { message: /within 800 ms/ } },
  ])
})

t.test('the console exporter writes spans to standard output', async t => {
  setEnvironment(t, { OTEL_TRACES_EXPORTER: 'console' })
  const written = t.capture(console, 'dir')
  const { logger } = recordingLogger()
  const tracing = (await prepareTracing(process.env)).start(logger, new ManualClock())
  tracing.runInBackground('refresh', async () => {})
  await until(() => true)
  await tracing.stop(800)
  t.match(written.args(), [[{ name: 'refresh' }]])
})

t.test('without tracing, clock and background work are unchanged', async t => {
  const clock = new ManualClock()
  const { logger, lines } = recordingLogger()
  const prepared = await prepareTracing({ OTEL_TRACES_EXPORTER: 'zipkin' })
  t.equal(prepared.logIds, undefined)
  const tracing = prepared.start(logger, clock)
  t.equal(tracing.clock, clock)
  const ran: string[] = []
  tracing.runInBackground('refresh', async () => void ran.push('refresh'))
  t.same(ran, ['refresh'], 'at once')
  await tracing.stop(1)
  t.match(lines(), [{ level: 'warn', msg: /^OTEL_TRACES_EXPORTER: invalid/ }])
})
