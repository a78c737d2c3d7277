import t from 'tap'
import { otelConfig } from '../../src/tracing/otel-config.ts'

const ENDPOINT = 'http://collector.example:4318'

t.test('tracing is off by default', async t => {
  for (const environment of [
    {},
    { OTEL_SERVICE_NAME: 'x', OTEL_RESOURCE_ATTRIBUTES: 'broken' },
    { OTEL_TRACES_EXPORTER: '', OTEL_EXPORTER_OTLP_ENDPOINT: ' ' },
    { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT },
    { OTEL_TRACES_EXPORTER: 'otlp,none' },
    { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: ENDPOINT },
    { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp' },
    { OTEL_SDK_DISABLED: ' True ', OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT },
  ]) {
    t.match(otelConfig(environment), { exporters: [], warnings: [] }, JSON.stringify(environment))
    t.same(otelConfig(environment).warnings, [])
  }
})

t.test('a variable with an exporter or an endpoint turns tracing on', async t => {
  for (const [environment, exporters] of [
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, ['otlp']],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${ENDPOINT}/x` }, ['otlp']],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, ['otlp']],
    [{ OTEL_TRACES_EXPORTER: 'OTLP', OTEL_SDK_DISABLED: 'false' }, ['otlp']],
    [{ OTEL_TRACES_EXPORTER: 'console', OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, ['console']],
    [{ OTEL_TRACES_EXPORTER: ' otlp, console ,' }, ['otlp', 'console']],
    [{ OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }, ['otlp']],
    [
      {
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
      },
      ['otlp'],
    ],
  ] as const) {
    const expected = { exporters, acceptsParent: true, warnings: [] }
    t.same(otelConfig(environment), expected, JSON.stringify(environment))
  }
})

t.test('a warning names the invalid OTEL_ variable, never its value', async t => {
  const on = { OTEL_TRACES_EXPORTER: 'otlp' }
  for (const [environment, variable, exporters] of [
    [{ OTEL_TRACES_EXPORTER: 'canary' }, 'OTEL_TRACES_EXPORTER', []],
    [{ OTEL_TRACES_EXPORTER: 'canary,console' }, 'OTEL_TRACES_EXPORTER', ['console']],
    [{ ...on, OTEL_SDK_DISABLED: 'canary' }, 'OTEL_SDK_DISABLED', ['otlp']],
    [{ ...on, OTEL_EXPORTER_OTLP_PROTOCOL: 'canary' }, 'OTEL_EXPORTER_OTLP_PROTOCOL', []],
    [{ ...on, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, 'OTEL_EXPORTER_OTLP_PROTOCOL', []],
    [
      {
        ...on,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'canary',
      },
      'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
      [],
    ],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'canary:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT', []],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'canary' }, 'OTEL_EXPORTER_OTLP_ENDPOINT', []],
    [
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'grpc://canary',
      },
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      [],
    ],
    [{ ...on, OTEL_EXPORTER_OTLP_HEADERS: 'canary' }, 'OTEL_EXPORTER_OTLP_HEADERS', ['otlp']],
    [
      { ...on, OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'a=b,=canary' },
      'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
      ['otlp'],
    ],
    [{ ...on, OTEL_RESOURCE_ATTRIBUTES: 'a=canary=c' }, 'OTEL_RESOURCE_ATTRIBUTES', ['otlp']],
    [{ ...on, OTEL_RESOURCE_ATTRIBUTES: 'a=b,canary' }, 'OTEL_RESOURCE_ATTRIBUTES', ['otlp']],
    [{ ...on, OTEL_RESOURCE_ATTRIBUTES: 'a=canary%' }, 'OTEL_RESOURCE_ATTRIBUTES', ['otlp']],
    [{ ...on, OTEL_PROPAGATORS: 'tracecontext,canary' }, 'OTEL_PROPAGATORS', ['otlp']],
  ] as const) {
    const config = otelConfig(environment)
    t.same(config.exporters, exporters, JSON.stringify(environment))
    t.equal(config.warnings.length, 1)
    t.match(config.warnings[0], new RegExp(`^${variable}: invalid; expected: `))
    t.notMatch(config.warnings[0], /canary/)
  }
  const faulty = { ...on, OTEL_EXPORTER_OTLP_HEADERS: 'x', OTEL_RESOURCE_ATTRIBUTES: 'x' }
  t.equal(otelConfig(faulty).warnings.length, 2, 'one for each variable')
})

t.test('valid headers and resource attributes cause no warning', async t => {
  for (const environment of [
    { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20eA==,x-tenant=1,' },
    { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test, service.version=1,k=a%3Db' },
    { OTEL_RESOURCE_ATTRIBUTES: 'empty=' },
  ]) {
    const { warnings } = otelConfig({ OTEL_TRACES_EXPORTER: 'otlp', ...environment })
    t.same(warnings, [], JSON.stringify(environment))
  }
})

t.test("OTEL_PROPAGATORS decides whether the caller's span is the parent", async t => {
  for (const [value, acceptsParent] of [
    ['', true],
    ['tracecontext', true],
    ['tracecontext,baggage', true],
    ['baggage', false],
    ['none', false],
  ] as const) {
    const config = otelConfig({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_PROPAGATORS: value })
    t.match(config, { acceptsParent, warnings: [] }, value)
  }
})
