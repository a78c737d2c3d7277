import type { Variables } from '../config/environment.ts'

const EXPORTERS = ['otlp', 'console'] as const
/** OpenTelemetry's default, and the only protocol this service supports. */
const PROTOCOL = 'http/protobuf'

/** The `OTEL_*` variables this service reads itself. */
export interface OtelConfig {
  /** Tracing is off without exporters. */
  readonly exporters: readonly (typeof EXPORTERS)[number][]
  /** Whether a caller's `traceparent` (W3C Trace Context) becomes the parent. */
  readonly acceptsParent: boolean
  /** One sentence for each invalid variable, without the value. */
  readonly warnings: readonly string[]
}

const OFF: OtelConfig = { exporters: [], acceptsParent: false, warnings: [] }

/** Valid propagators with no effect here, since this service passes baggage on to nobody. */
const WITHOUT_EFFECT = ['none', 'baggage']

/**
 * Tracing is on if `OTEL_TRACES_EXPORTER` contains `otlp` or `console`, or is empty while an OTLP endpoint
 * is set; `OTEL_SDK_DISABLED=true` turns it off. The service warns about an invalid variable and ignores
 * it, as the specification requires; but if no exporter can deliver spans, tracing is off. This function
 * does not load OpenTelemetry.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function otelConfig(environment: Variables): OtelConfig {
  /** An empty variable counts as not set. */
  const setting = (name: string) => environment[name]?.trim() || undefined
  /** Returns the first name that is set, with its value. */
  const firstOf = (...names: string[]) => {
    const name = names.find(candidate => setting(candidate) !== undefined)
    return name === undefined ? undefined : { name, value: String(setting(name)) }
  }
  const disabled = setting('OTEL_SDK_DISABLED')?.toLowerCase() ?? 'false'
  const endpoint = firstOf('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT')
  const fallback = endpoint === undefined ? 'none' : 'otlp'
  const names = listed(setting('OTEL_TRACES_EXPORTER') ?? fallback)
  if (disabled === 'true' || names.includes('none')) return OFF

  const warnings: string[] = []
  const refuse = (name: string, expected: string) => {
    warnings.push(`${name}: invalid; expected: ${expected}`)
  }
  if (disabled !== 'false') refuse('OTEL_SDK_DISABLED', 'true or false')
  let exporters = EXPORTERS.filter(name => names.includes(name))
  if (new Set(names).size > exporters.length) {
    refuse('OTEL_TRACES_EXPORTER', `${EXPORTERS.join(', ')} or none`)
  }

  const protocol = firstOf('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL')
  const isReachable = endpoint === undefined || isHttpUrl(endpoint.value)
  const isSupported = protocol === undefined || protocol.value === PROTOCOL
  if (exporters.includes('otlp') && !(isReachable && isSupported)) {
    exporters = exporters.filter(name => name !== 'otlp')
    if (!isReachable) refuse(endpoint.name, 'an http or https URL; no traces are sent')
    else refuse(String(protocol?.name), `${PROTOCOL}; no traces are sent`)
  }

  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS']) {
    if (!isPairs(setting(name), Number.POSITIVE_INFINITY)) refuse(name, 'name=value,name=value')
  }
  if (!isPairs(setting('OTEL_RESOURCE_ATTRIBUTES'), 2)) {
    refuse('OTEL_RESOURCE_ATTRIBUTES', 'name=value,name=value, percent-encoded')
  }
  const propagators = listed(setting('OTEL_PROPAGATORS') ?? 'tracecontext')
  const acceptsParent = propagators.includes('tracecontext')
  if (propagators.some(name => name !== 'tracecontext' && !WITHOUT_EFFECT.includes(name))) {
    refuse('OTEL_PROPAGATORS', 'tracecontext or none')
  }
  return { exporters, acceptsParent, warnings }
}

function listed(value: string): string[] {
  return value
    .toLowerCase()
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
}

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
}

/** Whether each pair has a name, a value, valid percent-escapes, and at most `maxParts - 1` equals signs. */
function isPairs(value = '', maxParts: number): boolean {
  return value
    .split(',')
    .filter(pair => pair.trim() !== '')
    .every(pair => {
      const parts = pair.split('=')
      const [name = ''] = parts
      return name.trim() !== '' && parts.length >= 2 && parts.length <= maxParts && isEncoded(pair)
    })
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
