import type { Sandbox } from '../../sandbox/sandbox.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'

/** The default configuration with the sandbox URLs and these variables. SHUTDOWN_DELAY_MS defaults to 0. */
export function configFor(
  sandbox: Pick<Sandbox, 'apiUrl' | 'tokenUrl' | 'clientId' | 'clientSecret'>,
  variables: Record<string, string> = {},
): Promise<Config> {
  const environment = {
    SPOTIFY_CLIENT_ID: sandbox.clientId,
    SPOTIFY_CLIENT_SECRET: sandbox.clientSecret,
    SPOTIFY_API_URL: sandbox.apiUrl,
    SPOTIFY_TOKEN_URL: sandbox.tokenUrl,
    SHUTDOWN_DELAY_MS: '0',
    ...variables,
  }
  return loadConfig(environment, '/nonexistent/.env')
}
