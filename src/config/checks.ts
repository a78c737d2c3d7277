import type { TObject } from 'typebox'
import { snapshotFaults } from '../lib/snapshot-file.ts'
import { parseApiKeys } from './api-keys.ts'
import { parseCorsOrigins } from './cors-origins.ts'
import { parseExampleUsers } from './example-users.ts'
import { linkFaults } from './link-checks.ts'
import { parseProxyUrl } from './proxy.ts'
import { parseSharedCacheUrl } from './redis-url.ts'
import { type Config, configSchema } from './schema.ts'
import { parseTrustProxy } from './trust-proxy.ts'
import { MAX_STORED_SECONDS } from './value-types.ts'

/** Placeholders for credentials in examples, and texts that programs print for a missing value. */
const PLACEHOLDER =
  /^(?:(?:your|my|the)[_-].*|.*[_-]here|(?:change|replace|fill)[_-]?(?:me|in)|todo|tbd|x{3,}|\.{3,}|\*{3,}|(?:spotify_)?client_(?:id|secret)|placeholder|undefined|null|none)$/i

/** Returns the fault without the name: whether the variable is missing or invalid, and a valid value. */
export function expectation(name: string, variables: object): string {
  const { properties }: TObject = configSchema
  const { description } = properties[name] as { description: string }
  return !(name in variables)
    ? `missing; set it to the ${description}`
    : `invalid; expected: ${description}`
}

/** Checks that a schema pattern cannot express. */
const FORMS = [
  ['SPOTIFY_API_URL', value => URL.canParse(value)],
  ['SPOTIFY_TOKEN_URL', value => URL.canParse(value)],
  ['SPOTIFY_AUTHORIZE_URL', value => URL.canParse(value)],
  ['LINKS_PRIVACY_URL', value => URL.canParse(value)],
  ['PUBLIC_URL', value => URL.canParse(value)],
  ['EXAMPLE_USERS', value => parseExampleUsers(value) !== undefined],
  ['TRUST_PROXY', value => parseTrustProxy(value) !== undefined],
  ['CORS_ORIGINS', value => parseCorsOrigins(value) !== undefined],
  ['SHARED_CACHE_URL', value => parseSharedCacheUrl(value) !== undefined],
  ['HTTPS_PROXY', value => parseProxyUrl(value) !== undefined],
  ['HTTP_PROXY', value => parseProxyUrl(value) !== undefined],
] as const satisfies [keyof Config, (value: string) => boolean][]

/** Checks what the schema cannot express. Returns one sentence per fault, without values. */
export function crossChecks(config: Config): string[] {
  const faults: string[] = []
  for (const name of ['SPOTIFY_CLIENT_ID', 'SPOTIFY_CLIENT_SECRET'] as const) {
    if (PLACEHOLDER.test(config[name])) {
      faults.push(`${name}: a placeholder; set it to the value that the Spotify dashboard shows`)
    }
  }
  const longest = Math.max(
    config.CACHE_STALE_WHILE_REVALIDATE_SECONDS,
    config.CACHE_STALE_IF_ERROR_SECONDS,
  )
  if (config.CACHE_FRESH_SECONDS + longest > MAX_STORED_SECONDS) {
    faults.push(
      `CACHE_FRESH_SECONDS: together with the longer of CACHE_STALE_WHILE_REVALIDATE_SECONDS and CACHE_STALE_IF_ERROR_SECONDS at most ${MAX_STORED_SECONDS}`,
    )
  }
  if (config.SHUTDOWN_DELAY_MS > config.SHUTDOWN_TIMEOUT_MS / 2) {
    faults.push('SHUTDOWN_DELAY_MS: at most half of SHUTDOWN_TIMEOUT_MS')
  }
  for (const [name, isValid] of FORMS) {
    const value = config[name]
    if (value !== undefined && !isValid(value)) faults.push(`${name}: ${expectation(name, config)}`)
  }
  for (const fault of snapshotFaults(config.CACHE_SNAPSHOT_FILE)) {
    faults.push(`CACHE_SNAPSHOT_FILE: ${fault}`)
  }
  for (const fault of parseApiKeys(config.API_KEYS).faults) faults.push(`API_KEYS: ${fault}`)
  faults.push(...linkFaults(config))
  return faults
}
