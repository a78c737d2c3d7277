import t from 'tap'
import { misspeltVariables } from '../../src/config/misspelt-variables.ts'

const NO_DOTENV = '/nonexistent/.env'

t.test('the warning about a misspelt variable suggests the right name', async t => {
  for (const [name, meant] of [
    ['CACHE_FRESH_SECOND', 'CACHE_FRESH_SECONDS'],
    ['CACHE_FRESH_SECS', 'CACHE_FRESH_SECONDS'],
    ['SPOTIPY_CLIENT_ID', 'SPOTIFY_CLIENT_ID'],
    ['SPOTIFY_CLIENT_SECERT', 'SPOTIFY_CLIENT_SECRET'],
    ['SPOTIFY_CLIENTID_FILE', 'SPOTIFY_CLIENT_ID_FILE'],
    ['SPOTIFY_SECRET', 'SPOTIFY_CLIENT_SECRET'],
    ['spotify_client_id', 'SPOTIFY_CLIENT_ID'],
    ['API_KEY', 'API_KEYS'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['TRUST-PROXY', 'TRUST_PROXY'],
    ['LOOKUP_TIMEOUT', 'LOOKUP_TIMEOUT_MS'],
    ['Port', 'PORT'],
  ] as const) {
    t.strictSame(misspeltVariables({ [name]: 'canary' }, NO_DOTENV), [
      `${name} is unknown; did you mean ${meant}?`,
    ])
  }
})

t.test('variables for the service and for other programs cause no warning', async t => {
  const names = [
    ['CACHE_FRESH_SECONDS', 'API_KEYS_FILE', 'PORT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    ['HOSTNAME', 'LOGNAME', 'SORT', 'POST', 'PWD', 'XDG_CACHE_HOME', 'CACHE_DIR', 'LOG_FORMAT'],
    ['NODE_OPTIONS', 'npm_config_cache', 'SPOTIFY_REDIRECT_URI', 'FTP_PROXY', 'ALL_PROXY'],
    ['HTTPS_PROXY', 'https_proxy', 'http_proxy', 'no_proxy', 'NO_COLOR'],
  ].flat()
  const environment = Object.fromEntries(names.map(name => [name, 'x']))
  t.strictSame(misspeltVariables(environment, NO_DOTENV), [])
})

t.test('every unknown variable in .env causes a warning', async t => {
  const dir = t.testdir({
    '.env': 'PORT=1\nREDIS_URL=canary\nCACHE_MAX_BYTE=1\nCOMPOSE_PROJECT_NAME=x\n',
  })
  t.strictSame(misspeltVariables({ CACHE_MAX_BYTE: '2' }, `${dir}/.env`), [
    'CACHE_MAX_BYTE is unknown; did you mean CACHE_MAX_BYTES?',
    `REDIS_URL in ${dir}/.env is unknown.`,
  ])
})
