import t from 'tap'
import { configSummary } from '../../src/config/config-summary.ts'
import { version } from '../../src/lib/version.ts'
import { configFor } from '../support/config.ts'

const sandbox = {
  apiUrl: 'http://127.0.0.1:1/canary',
  tokenUrl: 'http://127.0.0.1:1/canary',
  clientId: 'canary-id',
  clientSecret: 'canary-secret',
}
const key = 'canary'.repeat(8)

t.test('the configuration summary shows the versions and disabled features', async t => {
  t.match(configSummary(await configFor(sandbox), false), {
    version,
    node_version: process.version,
    api_keys: 0,
    caller_requests_per_minute: 0,
    cors: false,
    shared_cache: false,
    linked_accounts: false,
    spotify_daily_budget: null,
    cache_snapshot: false,
    proxy: false,
    tracing: false,
  })
})

t.test('the configuration summary shows features and limits, but no secret or URL', async t => {
  const config = await configFor(sandbox, {
    API_KEYS: `one:${key},two:${key}2`,
    CALLER_REQUESTS_PER_MINUTE: '60',
    CORS_ORIGINS: 'https://canary.example',
    SHARED_CACHE_URL: 'redis://canary-user:canary-word@canary.example:6379/1',
    SPOTIFY_DAILY_BUDGET: '900',
    CACHE_SNAPSHOT_FILE: '/canary/file',
    PUBLIC_URL: 'https://canary.example/lists',
    HTTPS_PROXY: 'http://canary-user:canary-word@canary.example:3128',
    CACHE_MAX_BYTES: '2000000',
    SPOTIFY_CONCURRENCY: '3',
    LOOKUP_TIMEOUT_MS: '7000',
  })
  const summary = configSummary(config, true)
  t.match(summary, {
    api_keys: 2,
    caller_requests_per_minute: 60,
    cors: true,
    shared_cache: true,
    linked_accounts: false,
    spotify_daily_budget: 900,
    cache_snapshot: true,
    proxy: true,
    tracing: true,
    cache_max_bytes: 2_000_000,
    spotify_concurrency: 3,
    lookup_timeout_ms: 7000,
  })
  t.notMatch(JSON.stringify(summary), /canary|:\/\//)
})

t.test('the configuration summary shows whether linked accounts are on', async t => {
  const variables = { LINKS_FILE: '/canary/links', ADMIN_KEYS: `canary:${key}` }
  const summary = configSummary(await configFor(sandbox, variables), false)
  t.match(summary, { linked_accounts: true, api_keys: 0 })
  t.notMatch(JSON.stringify(summary), /canary/)
})
