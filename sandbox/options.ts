import { redirectUriFault, type Switches } from './switches.ts'

export interface SandboxOptions {
  /** Id of the only registered app; default `sandbox-client`. */
  clientId?: string
  /** Default `sandbox-secret`. */
  clientSecret?: string
  /** Address to listen on; default 127.0.0.1. */
  host?: string
  /** Default 0: any free port. */
  port?: number
  /** Scheme, host and port where browsers reach covers and consent page; default: the listening address. */
  publicUrl?: string
  /** Delay before each Web API response in real milliseconds, for demo and benchmarks; default 0. */
  latencyMs?: number
  /** Epoch milliseconds, for token expiry; default Date.now. */
  now?: () => number
  /** Overrides for the default switches. */
  switches?: Partial<Switches>
}

/** Reads options from the environment; throws an Error listing every invalid variable. */
export function optionsFrom(env: Record<string, string | undefined>): SandboxOptions {
  const problems: string[] = []
  const number = (name: string, fallback: number, max: number) => {
    const text = env[name] || String(fallback)
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!(value <= max)) problems.push(`${name} must be a whole number from 0 to ${max}`)
    return value
  }
  // Without a path or trailing slash, since the sandbox appends paths.
  const publicUrl = (env.SANDBOX_PUBLIC_URL ?? '').replace(/\/$/, '')
  if (!/^(https?:\/\/[^/?#@\s]+)?$/.test(publicUrl)) {
    problems.push('SANDBOX_PUBLIC_URL must be an http(s) URL without a path')
  }
  const mode = env.SANDBOX_MODE || 'extended'
  if (mode !== 'extended' && mode !== 'development') {
    problems.push('SANDBOX_MODE must be extended or development')
  }
  const redirectUris = env.SANDBOX_REDIRECT_URIS?.split(/[\s,]+/).filter(uri => uri !== '') ?? []
  for (const uri of redirectUris) {
    const fault = redirectUriFault(uri)
    if (fault !== undefined) problems.push(`SANDBOX_REDIRECT_URIS: ${fault}`)
  }
  const options: SandboxOptions & { clientId: string } = {
    host: env.SANDBOX_HOST || '127.0.0.1',
    port: number('SANDBOX_PORT', 4100, 65_535),
    ...(publicUrl !== '' && { publicUrl }),
    latencyMs: number('SANDBOX_LATENCY_MS', 0, 600_000),
    clientId: env.SANDBOX_CLIENT_ID || 'sandbox-client',
    clientSecret: env.SANDBOX_CLIENT_SECRET || 'sandbox-secret',
    switches: { mode: mode === 'development' ? mode : 'extended', redirectUris },
  }
  // Basic authentication splits at the first colon, so no client could send such an id.
  if (options.clientId.includes(':')) problems.push('SANDBOX_CLIENT_ID must not contain a colon')
  if (problems.length > 0) throw new Error(problems.join('; '))
  return options
}
