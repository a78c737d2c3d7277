import type { Variables } from '../../src/config/environment.ts'
import { ConfigError, loadConfig } from '../../src/config/load.ts'
import { failureOf } from '../support/failure-of.ts'

/** The name of no file. */
export const NO_DOTENV = '/nonexistent/.env'
export const required = { SPOTIFY_CLIENT_ID: 'client-id', SPOTIFY_CLIENT_SECRET: 'client-secret' }

/** Loads these variables, and the required ones. */
export const load = (variables: Variables) => loadConfig({ ...required, ...variables }, NO_DOTENV)

/** The faults of the error. */
export async function faultsOf(
  environment: Variables,
  dotenv = NO_DOTENV,
): Promise<readonly string[]> {
  const error = await failureOf(loadConfig(environment, dotenv))
  if (error instanceof ConfigError) return error.faults
  throw error
}

/** The variables that the faults name. */
export const namesIn = (faults: readonly string[]) =>
  faults.map(fault => fault.split(':')[0]).sort()
