import type { Variables } from '../../src/config/environment.ts'
import { ConfigError, loadConfig } from '../../src/config/load.ts'
import { failureOf } from '../support/failure-of.ts'

/** A path that does not exist. */
export const NO_DOTENV = '/nonexistent/.env'
export const required = { SPOTIFY_CLIENT_ID: 'client-id', SPOTIFY_CLIENT_SECRET: 'client-secret' }

/** Loads a configuration with these variables and the required variables. */
export const load = (variables: Variables) => loadConfig({ ...required, ...variables }, NO_DOTENV)

/** Returns the faults in the ConfigError from `loadConfig`. */
export async function faultsOf(
  environment: Variables,
  dotenv = NO_DOTENV,
): Promise<readonly string[]> {
  const error = await failureOf(loadConfig(environment, dotenv))
  if (error instanceof ConfigError) return error.faults
  throw error
}

/** Returns the variables mentioned in the faults, sorted. */
export const namesIn = (faults: readonly string[]) =>
  faults.map(fault => fault.split(':')[0]).sort()
