import { readFileSync } from 'node:fs'
import fastifyEnv from '@fastify/env'
import Fastify from 'fastify'
import { crossChecks, expectation } from './checks.ts'
import { nonEmpty, readDotenv, type Variables, withProxies } from './environment.ts'
import { type Config, configSchema, SECRET_NAMES } from './schema.ts'

/** Stands in for what is required while the rest is checked. */
const REQUIRED = { SPOTIFY_CLIENT_ID: 'x', SPOTIFY_CLIENT_SECRET: 'x' }

/** For a person who starts the service for the first time. */
const FIRST_STEPS = `
Copy the example with "cp .env.example .env" and fill in both credentials of your Spotify app, or set
them in the environment, or name files that hold them in SPOTIFY_CLIENT_ID_FILE and
SPOTIFY_CLIENT_SECRET_FILE. To try the service without a Spotify app, run "npm run demo".`

/** Names every bad or missing variable and what is allowed; never a value. */
export class ConfigError extends Error {
  /** One sentence for each variable. */
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    const isFirstStart = faults.some(fault => /^SPOTIFY_CLIENT_(?:ID|SECRET): missing/.test(fault))
    const lines = ['Bad configuration:', ...faults.map(fault => `  ${fault}`)]
    super([...lines, ...(isFirstStart ? [FIRST_STEPS] : [])].join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/**
 * Reads and checks the configuration. `dotenvPath` names a file of variables that is read when it
 * exists; the environment overrides it, also with an empty variable, which counts as not set.
 *
 * @throws {ConfigError} with all faults at once.
 */
export async function loadConfig(environment: Variables, dotenvPath: string): Promise<Config> {
  const faults: string[] = []
  const variables = nonEmpty({
    ...withProxies(dotenvOrFault(dotenvPath, faults)),
    ...withProxies(environment),
  })
  const inDoubt = SECRET_NAMES.filter(name => !readSecret(name, variables, faults))
  const config = await check(variables, faults, inDoubt)
  if (config === undefined || faults.length > 0) throw new ConfigError(faults)
  return config
}

/**
 * The `OTEL_*` variables, from the same places. OpenTelemetry reads most of them itself, from the
 * environment of the process, so that they have to be put there.
 */
export function otelVariables(environment: Variables, dotenvPath: string): Variables {
  const variables = Object.entries({ ...readDotenv(dotenvPath), ...environment })
  return Object.fromEntries(variables.filter(([name]) => name.startsWith('OTEL_')))
}

function dotenvOrFault(path: string, faults: string[]): Variables {
  try {
    return readDotenv(path)
  } catch (error) {
    faults.push(`${path}: cannot be read (${codeOf(error)})`)
    return {}
  }
}

/** Puts the content of NAME_FILE under NAME. Returns false when NAME is in doubt and was reported. */
function readSecret(
  name: (typeof SECRET_NAMES)[number],
  variables: Variables,
  faults: string[],
): boolean {
  const path = variables[`${name}_FILE`]
  if (path === undefined) return true
  if (variables[name] !== undefined) {
    faults.push(`${name}: given twice, as ${name} and as ${name}_FILE`)
    return false
  }
  try {
    const secret = readFileSync(path, 'utf8').trim()
    if (secret === '') faults.push(`${name}_FILE: the file is empty`)
    else variables[name] = secret
    return secret !== ''
  } catch (error) {
    faults.push(`${name}_FILE: the file cannot be read (${codeOf(error)})`)
    return false
  }
}

/**
 * Checks the variables against the schema, then what the schema cannot say. Without the variables
 * that the schema refused the rest is checked all the same, so that no fault hides another.
 */
async function check(variables: Variables, faults: string[], reported: string[]) {
  try {
    const config = await validate(variables)
    faults.push(...crossChecks(config))
    return config
  } catch (error) {
    const bad = schemaFaults(error)
    for (const name of bad) {
      if (!reported.includes(name)) faults.push(`${name}: ${expectation(name, variables)}`)
    }
    const rest = Object.entries(variables).filter(([name]) => !bad.includes(name))
    faults.push(...crossChecks(await validate({ ...REQUIRED, ...Object.fromEntries(rest) })))
    return undefined
  }
}

/** @fastify/env wants an instance; the real one cannot be built before it is configured. */
async function validate(variables: Variables): Promise<Config> {
  const reader = Fastify()
  try {
    const data = withStrictNumbers(variables)
    await reader.register(fastifyEnv, { schema: configSchema, data, env: false })
    return reader.getEnvs<Config>()
  } finally {
    await reader.close()
  }
}

/** Coercion would also take `0x10` and `1e3`; what is no number at all is refused by the schema. */
function withStrictNumbers(variables: Variables): Variables {
  const schemas = configSchema.properties as Record<string, { type?: unknown }>
  return Object.fromEntries(
    Object.entries(variables).map(([name, value = '']) => {
      const isOdd = schemas[name]?.type === 'integer' && !/^\d+$/.test(value)
      return [name, isOdd ? 'no number' : value]
    }),
  )
}

/** The names of the variables that the schema refuses. */
function schemaFaults(error: unknown): string[] {
  if (!(error instanceof Error && 'errors' in error)) throw error
  const errors = error.errors as { instancePath: string; params: { missingProperty?: string } }[]
  const names = errors.map(
    ({ instancePath, params }) => params.missingProperty ?? instancePath.slice(1),
  )
  return [...new Set(names)]
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error'
}
