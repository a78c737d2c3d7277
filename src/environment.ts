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
