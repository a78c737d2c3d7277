export type Environment = Readonly<Record<string, string | undefined>>

const EXPORTERS = ['otlp', 'console'] as const
/** The default of OpenTelemetry, and the only one that this service speaks. */
const PROTOCOL = 'http/protobuf'

/** What the `OTEL_*` variables ask of this service. */
export interface TracingPlan {
  /** Where spans go; tracing is off when it is empty. */
  readonly exporters: readonly (typeof EXPORTERS)[number][]
  /** Whether a caller's `traceparent` (W3C Trace Context) is taken for the parent. */
  readonly takesParent: boolean
  /** One sentence for each variable that cannot be followed; never its value. */
  readonly warnings: readonly string[]
}

const OFF: TracingPlan = { exporters: [], takesParent: false, warnings: [] }

/** Propagators that need nothing here: baggage would be for the next service, and there is none. */
const NEEDS_NOTHING = ['none', 'baggage']

/**
 * Tracing is on when `OTEL_TRACES_EXPORTER` names `otlp` or `console`, or names nothing while an
 * OTLP endpoint is set; `OTEL_SDK_DISABLED=true` switches it off. What cannot be followed is passed
 * over with a warning, as the specification wants; where spans could not arrive at all, they are
 * not made. Pure, and knows no OpenTelemetry, which is loaded only when there is something to do.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function tracingPlan(environment: Environment): TracingPlan {
  /** A variable that is empty is not set. */
  const setting = (name: string) => environment[name]?.trim() || undefined
  /** The name and value of the first that is set. */
  const firstOf = (...names: string[]) => {
    const name = names.find(candidate => setting(candidate) !== undefined)
    return name === undefined ? undefined : { name, value: String(setting(name)) }
  }
  const disabled = setting('OTEL_SDK_DISABLED')?.toLowerCase() ?? 'false'
  const endpoint = firstOf('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT')
  const unnamed = endpoint === undefined ? 'none' : 'otlp'
  const names = listed(setting('OTEL_TRACES_EXPORTER') ?? unnamed)
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
  const isSpoken = protocol === undefined || protocol.value === PROTOCOL
  if (exporters.includes('otlp') && !(isReachable && isSpoken)) {
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
  const takesParent = propagators.includes('tracecontext')
  if (propagators.some(name => name !== 'tracecontext' && !NEEDS_NOTHING.includes(name))) {
    refuse('OTEL_PROPAGATORS', 'tracecontext or none')
  }
  return { exporters, takesParent, warnings }
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

/** Whether these are pairs of a name and a value, with less than `maxParts` + 1 parts between `=`. */
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
