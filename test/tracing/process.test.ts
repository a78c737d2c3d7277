import t, { type Test } from 'tap'
import { isWarning } from '../support/log-lines.ts'
import { startReceiver } from '../support/otlp-receiver.ts'
import { nodeArguments, startServer } from '../support/server-process.ts'
import { traceparent } from '../support/traced-service.ts'

const LIST = '/users/smedjan/playlists'
/** Code that makes a process print the loaded OpenTelemetry packages at exit. */
const atExit = `import { createRequire } from 'node:module'
process.on('exit', () => console.log('loaded ' + JSON.stringify(Object.keys(createRequire('file:///').cache)
  .flatMap(path => /node_modules.(@opentelemetry.[^/]+|@fastify.otel)/.exec(path)?.[1] ?? []))))`

async function start(t: Test, environment: Record<string, string>) {
  const { sandbox, service } = await startServer(t, {
    nodeArguments: [
      `--import=data:text/javascript,${encodeURIComponent(atExit)}`,
      ...nodeArguments,
    ],
    environment,
  })
  const loaded = () =>
    new Set(JSON.parse(String(service.log.find(line => line.startsWith('loaded '))?.slice(7))))
  const lines = () => service.log.filter(line => line.startsWith('{')).map(line => JSON.parse(line))
  return { sandbox, service, loaded, lines }
}

t.test('without OTEL_ variables for traces, the process does not load OpenTelemetry', async t => {
  const { service, loaded, lines } = await start(t, { OTEL_SERVICE_NAME: 'x' })
  const { headers } = traceparent(1)
  t.equal((await fetch(service.url + LIST, { headers })).status, 200)
  t.equal(await service.stop(), 0)
  // prom-client loads the OpenTelemetry API for exemplars.
  t.same([...loaded()], ['@opentelemetry/api'])
  t.notOk(lines().some(line => 'trace_id' in line))
})

t.test(
  'with an endpoint, lookups are traced, log lines contain the span, and shutdown loses none',
  async t => {
    const receiver = await startReceiver()
    t.teardown(() => receiver.close())
    const { sandbox, service, loaded, lines } = await start(t, {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces`,
      LOG_LEVEL: 'debug',
    })
    for (const n of [1, 2]) {
      const response = await fetch(service.url + LIST, { headers: traceparent(n).headers })
      t.equal(response.status, 200)
      await response.text()
    }
    t.equal(await service.stop(), 0)
    t.ok(loaded().has('@fastify/otel'))
    const answered = lines().filter(({ msg }) => msg === 'request completed')
    for (const [index, result] of ['miss', 'hit'].entries()) {
      const { traceId } = traceparent(index + 1)
      const spans = receiver.spans().filter(span => span.traceId === traceId)
      t.equal(spans.length, result === 'miss' ? 4 : 1)
      const server = spans.find(({ kind }) => kind === 2)
      t.match(server, {
        parentSpanId: '00000000000000aa',
        attributes: { 'playlist_proxy.cache_result': result },
      })
      t.match(answered[index], { trace_id: traceId, span_id: server?.spanId, status: 200 })
    }
    t.equal(sandbox.requests.length, 4)
    t.notOk(sandbox.requests.some(({ headers }) => 'traceparent' in headers))
  },
)

t.test('an unreachable collector affects neither responses nor shutdown', async t => {
  const { service, lines } = await start(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    SHUTDOWN_TIMEOUT_MS: '3000',
  })
  for (let n = 0; n < 20; n++) {
    const response = await fetch(service.url + LIST)
    t.equal(response.status, 200)
    await response.text()
  }
  t.equal(await service.stop(), 0)
  const warnings = lines().filter(isWarning)
  t.match(warnings.at(-1), { msg: 'failed to deliver the last traces', err: { type: 'Error' } })
  t.ok(warnings.length <= 2, 'one for the first failure, one for the last traces')
})

t.test('the log reports an invalid OTEL_ variable', async t => {
  const { service, loaded, lines } = await start(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
  })
  t.equal(await service.stop(), 0)
  const [warning] = lines().filter(isWarning)
  t.match(warning, {
    msg: /^OTEL_EXPORTER_OTLP_PROTOCOL: invalid; expected: http\/protobuf; no traces are sent/,
  })
  t.notOk(loaded().has('@fastify/otel'))
})
