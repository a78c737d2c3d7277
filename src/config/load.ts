import { readFileSync } from 'node:fs'
import fastifyEnv from '@fastify/env'
import Fastify from 'fastify'
import { crossChecks, expectation } from './checks.ts'
import { nonEmpty, readDotenv, SECRET_NAMES, type Variables, withProxies } from './environment.ts'
import { type Config, configSchema } from './schema.ts'

/** Valid values for the required variables, so that the other variables can be checked without them. */
const PLACEHOLDERS = { SPOTIFY_CLIENT_ID: 'x', SPOTIFY_CLIENT_SECRET: 'x' }

/** Instructions for a person starting the service for the first time. */
const FIRST_STEPS = `
Put both credentials of your Spotify app into .env.
If there is none, run "(umask 077 && cp .env.example .env)" first. Or set them in the environment,
or name files that contain them in SPOTIFY_CLIENT_ID_FILE and SPOTIFY_CLIENT_SECRET_FILE.
To try the service without a Spotify app, run "npm run demo".`

/** The error about invalid and missing variables. It says what is allowed, and never repeats a value. */
export class ConfigError extends Error {
  /** One sentence per variable. */
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    const isFirstStart = faults.some(fault => /^SPOTIFY_CLIENT_(?:ID|SECRET): missing/.test(fault))
    const lines = ['Invalid configuration:', ...faults.map(fault => `  ${fault}`)]
    super([...lines, ...(isFirstStart ? [FIRST_STEPS] : [])].join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/**
 * Reads and checks the configuration. The environment overrides the optional file at `dotenvPath`. An empty
 * variable also overrides the file, and counts as not set.
 *
 * @throws {ConfigError} with all faults at once.
 */
export async function loadConfig(environment: Variables, dotenvPath: string): Promise<Config> {
  const faults: string[] = []
  const variables = nonEmpty({
    ...withProxies(dotenvOrFault(dotenvPath, faults)),
    ...withProxies(environment),
  })
  const reported = SECRET_NAMES.filter(name => !readSecret(name, variables, faults))
  const checked = await check(variables)
  const isReported = (fault: string) => reported.some(name => fault.startsWith(`${name}:`))
  faults.push(...checked.faults.filter(fault => !isReported(fault)))
  if (faults.length > 0) throw new ConfigError(faults)
  return checked.config
}

/**
 * Returns the `OTEL_*` variables from the environment and the file at `dotenvPath`; the environment
 * overrides the file. OpenTelemetry reads most of them from the process environment, so the caller has to
 * copy them there.
 */
export function otelVariables(environment: Variables, dotenvPath: string): Variables {
  const variables = Object.entries({ ...readDotenv(dotenvPath), ...environment })
  return Object.fromEntries(variables.filter(([name]) => name.startsWith('OTEL_')))
}

function dotenvOrFault(path: string, faults: string[]): Variables {
  try {
    return readDotenv(path)
  } catch (error) {
    faults.push(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`)
    return {}
  }
}

/** Reads the file at NAME_FILE, if set, into NAME. On failure, adds a fault and returns false. */
function readSecret(
  name: (typeof SECRET_NAMES)[number],
  variables: Variables,
  faults: string[],
): boolean {
  const path = variables[`${name}_FILE`]
  if (path === undefined) return true
  if (variables[name] !== undefined) {
    faults.push(`${name}: set twice, as ${name} and as ${name}_FILE`)
    return false
  }
  try {
    const secret = readFileSync(path, 'utf8').trim()
    if (secret === '') faults.push(`${name}_FILE: the file is empty`)
    else variables[name] = secret
    return secret !== ''
  } catch (error) {
    faults.push(`${name}_FILE: the file cannot be read (${(error as NodeJS.ErrnoException).code})`)
    return false
  }
}

/**
 * Checks each variable against the schema, then all variables together. If the schema refuses some of them,
 * the second step checks the rest, so no fault hides another.
 */
async function check(variables: Variables): Promise<{ config: Config; faults: string[] }> {
  try {
    const config = await validate(variables)
    return { config, faults: crossChecks(config) }
  } catch (error) {
    const invalid = invalidNames(error)
    const faults = invalid.map(name => `${name}: ${expectation(name, variables)}`)
    const rest = Object.entries(variables).filter(([name]) => !invalid.includes(name))
    const config = await validate({ ...PLACEHOLDERS, ...Object.fromEntries(rest) })
    return { config, faults: [...faults, ...crossChecks(config)] }
  }
}

/** @fastify/env needs a Fastify instance, but the real server is only created from the configuration. */
async function validate(variables: Variables): Promise<Config> {
  const app = Fastify()
  try {
    const data = withStrictNumbers(variables)
    await app.register(fastifyEnv, { schema: configSchema, data, env: false })
    return app.getEnvs<Config>()
  } finally {
    await app.close()
  }
}

/** Replaces numbers such as `0x10` and `1e3`, which coercion would accept, with an invalid text. */
function withStrictNumbers(variables: Variables): Variables {
  const schemas = configSchema.properties as Record<string, { type?: unknown }>
  return Object.fromEntries(
    Object.entries(variables).map(([name, value = '']) => {
      const isMalformed = schemas[name]?.type === 'integer' && !/^\d+$/.test(value)
      return [name, isMalformed ? 'no number' : value]
    }),
  )
}

/** Returns the names of variables refused by the schema. Rethrows any error from elsewhere. */
function invalidNames(error: unknown): string[] {
  if (!(error instanceof Error && 'errors' in error)) throw error
  const errors = error.errors as { instancePath: string; params: { missingProperty?: string } }[]
  const names = errors.map(
    ({ instancePath, params }) => params.missingProperty ?? instancePath.slice(1),
  )
  return [...new Set(names)]
}
