import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'

export const DEFAULT_HOST = '127.0.0.1'
export const DEFAULT_PORT = 3000

/** Variables by name. */
export type Variables = Record<string, string | undefined>

/**
 * The variables of a file such as `.env`, none when it does not exist.
 *
 * @throws {NodeJS.ErrnoException} when it exists and cannot be read.
 */
export function readDotenv(path: string): Variables {
  try {
    // Some editors begin a file with a byte order mark.
    return parseEnv(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/** The variables that are set; an empty one counts as not set. */
export function nonEmpty(variables: Variables): Variables {
  return Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value.trim() !== ''),
  )
}

/** Variables that are read in lower case, too, as curl and other programs do. */
export const PROXY_NAMES = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'] as const

/** The variables with those of proxies in upper case; where both are set, lower case wins. */
export function withProxies(variables: Variables): Variables {
  const lowerCase = PROXY_NAMES.map(name => [name, variables[name.toLowerCase()]])
  const given = Object.fromEntries(lowerCase.filter(([, value]) => value !== undefined))
  return { ...given, ...variables, ...nonEmpty(given) }
}
