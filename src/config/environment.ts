import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'

export const DEFAULT_HOST = '127.0.0.1'
export const DEFAULT_PORT = 3000

export type Variables = Record<string, string | undefined>

/**
 * Reads variables from a file such as `.env`. Returns no variables if the file does not exist.
 *
 * @throws {NodeJS.ErrnoException} if the file exists but cannot be read.
 */
export function readDotenv(path: string): Variables {
  try {
    // Some editors write a byte order mark.
    return parseEnv(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/** Removes empty variables; they count as not set. */
export function nonEmpty(variables: Variables): Variables {
  return Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value.trim() !== ''),
  )
}

/** Variables with a NAME_FILE variant, the path of a file that contains the value, such as a Docker secret. */
export const SECRET_NAMES = [
  'SPOTIFY_CLIENT_ID',
  'SPOTIFY_CLIENT_SECRET',
  'API_KEYS',
  'ADMIN_KEYS',
  'LINKS_PREVIOUS_CLIENT_SECRET',
  'SHARED_CACHE_URL',
] as const

/** Variables that the service, like curl, also reads in lower case. */
export const PROXY_NAMES = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'] as const

/** Copies proxy variables from lower to upper case. If a variable is set in both cases, lower case wins. */
export function withProxies(variables: Variables): Variables {
  const lowerCase = PROXY_NAMES.map(name => [name, variables[name.toLowerCase()]])
  const given = Object.fromEntries(lowerCase.filter(([, value]) => value !== undefined))
  return { ...given, ...variables, ...nonEmpty(given) }
}
