import type { TObject } from 'typebox'
import { PROXY_NAMES, SECRET_NAMES } from '../src/config/environment.ts'
import { type Config, configSchema } from '../src/config/schema.ts'
import { MAX_STORED_SECONDS } from '../src/config/value-types.ts'

interface VariableSchema {
  readonly default?: string | number | boolean
  readonly description: string
  readonly $comment?: string
}

/** The page sections, by first variable. */
const SECTIONS = {
  SPOTIFY_CLIENT_ID: 'Spotify app',
  HOST: 'Address and links',
  API_KEYS: 'Callers',
  LOG_LEVEL: 'Log',
  CACHE_FRESH_SECONDS: 'Cache',
  SHARED_CACHE_URL: 'Replicas',
  LINKS_FILE: 'Linked accounts',
  SPOTIFY_CONCURRENCY: 'Requests to Spotify',
  HTTPS_PROXY: 'Proxy to Spotify',
  SHUTDOWN_DELAY_MS: 'Shutdown',
} as const satisfies Partial<Record<keyof Config, string>>

const names = (list: readonly string[]) => list.map(name => `\`${name}\``).join(', ')

const INTRODUCTION = `# Configuration

The service reads environment variables and a file \`.env\` in its working directory; the environment
overrides the file. It reports every missing or bad variable at once and exits with code 1. An empty
variable counts as not set. The log warns of variables whose names resemble those below, and of any
other variable in \`.env\` except those for Node, OpenTelemetry, Docker, npm and the sandbox.

- **Secrets in files.** Each of these variables has a variant with \`_FILE\` at the end, which names a file
  that holds the value, as Docker secrets do:
  ${names(SECRET_NAMES)}.
- **Lifetimes.** \`CACHE_FRESH_SECONDS\` and the longer of the two stale times together are at most
  ${MAX_STORED_SECONDS} seconds (one day): cover links expire within a day, and Spotify's terms allow only temporary caching.
- **Proxy variables.** The service also reads the names ${names(PROXY_NAMES)} in lower case,
  and prefers them.
- **Traces** have the standard \`OTEL_*\` variables: [tracing.md](tracing.md).
- **Linked accounts**: [linked-accounts.md](linked-accounts.md).
- [operating.md](operating.md) explains [sizing and quota](operating.md#sizing), [API keys](operating.md#api-keys),
  [the limit for each caller](operating.md#a-limit-for-each-caller), [CORS](operating.md#pages-of-other-origins),
  [replicas](operating.md#replicas), proxies [in front](operating.md#behind-a-proxy) and
  [to Spotify](operating.md#through-a-proxy-to-spotify), and [how the service stops](operating.md#stop-upgrade-roll-back).

\`npm run generate\` makes this page from \`src/config/schema.ts\` and \`src/config/link-variables.ts\`.
`

const HEADER = ['| variable | default | what it does |', '|---|---|---|']

/** Generates docs/configuration.md: all variables, in the schema's sections. */
export function configurationDocument(): string {
  const { properties }: TObject = configSchema
  const sections: Record<string, string> = SECTIONS
  const lines = Object.entries(properties).flatMap(([name, schema]) => {
    const section = sections[name]
    const heading = section === undefined ? [] : ['', `## ${section}`, '', ...HEADER]
    return [...heading, row(name, schema as VariableSchema)]
  })
  return `${[INTRODUCTION.trimEnd(), ...lines].join('\n')}\n`
}

function row(name: string, { default: fallback, description, $comment }: VariableSchema): string {
  const isRequired = (configSchema.required as string[]).includes(name)
  const none = isRequired ? 'required' : 'none'
  const cells = [
    `\`${name}\``,
    fallback === undefined ? none : `\`${fallback}\``,
    $comment === undefined ? description : `${description}. ${$comment}`,
  ]
  return `| ${cells.join(' | ')} |`
}
