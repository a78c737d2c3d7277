import type { Status } from '../openapi/status-schema.ts'
import { type Html, html } from '../pages/html.ts'
import { instant } from '../pages/instant.ts'
import { page } from '../pages/layout.ts'
import { counted, grouped } from '../pages/numbers.ts'

/** Shows the service state as a page for the operator. The first line says whether all is well. */
export function statusPage(status: Status, basePath: string): string {
  const { service, spotify } = status
  const { isWell, text } = verdictOf(status)
  return page(
    { title: 'Status', basePath },
    html`<h1>Status</h1>
<p class="lead"><strong class="${isWell ? 'good' : 'bad'}">${text}</strong></p>
<h2>Requests to Spotify</h2>
<dl>
${gateOf(status)}
${row('Last 24 hours', budgetOf(status))}
${row('Now', `${grouped(spotify.in_flight)} in flight, ${grouped(spotify.queued)} waiting`)}
${row('App token', tokenOf(status))}
</dl>
<h2>Cache</h2>
<dl>
${cacheOf(status)}
${row('Shared cache', SHARED_CACHE[status.shared_cache.state])}
</dl>
${linksOf(status)}<h2>This instance</h2>
<dl>
${row('Version', service.version)}
${row('Started', at(service.started_at))}
</dl>
`,
  )
}

/** Returns whether the service is well, and a sentence that says so or names a fault. */
function verdictOf({ service, token, spotify, shared_cache: shared, links }: Status) {
  const bad = (text: string) => ({ isWell: false, text })
  if (service.draining) return bad('This instance is shutting down.')
  if (token.state === 'rejected') return bad('Spotify rejects the credentials of the app.')
  if (spotify.gate !== 'open') {
    return bad('Requests to Spotify are paused. Cached lists are still served.')
  }
  if (token.state !== 'valid') return bad('There is no app token yet.')
  if (spotify.diagnosis !== 'ok') return bad('Spotify fails for some requests.')
  if (shared.state === 'degraded') return bad('The shared cache is out of reach.')
  if (links?.state === 'unwritable') return bad('The file of linked accounts cannot be written.')
  const broken = links === undefined ? 0 : links.refused + links.ended + links.unreadable
  if (broken > 0) {
    const need = broken === 1 ? 'needs' : 'need'
    return bad(`${counted(broken, 'linked account')} ${need} a person. GET /links says why.`)
  }
  return { isWell: true, text: 'All is well.' }
}

const GATES = {
  open: 'open, requests pass',
  paused: 'paused, no request passes',
  probing: 'probing, one request tests whether Spotify answers again',
}

function gateOf({ spotify }: Status): Html {
  const { gate, reason, diagnosis, paused_until: until, remedy } = spotify
  const cause = reason ?? (diagnosis !== 'ok' && diagnosis)
  return html`${row('Gate', GATES[gate])}
${row('Reason', cause && html`<code>${cause}</code>`)}
${row('Until', at(until))}
${row('Remedy', remedy)}`
}

/** The budget share above which the bar changes colour. */
const NEARLY_SPENT = 0.8

function budgetOf({ spotify: { requests_24h: used, budget } }: Status): Html {
  if (budget === null) return html`${counted(used, 'request')}, without a budget`
  return html`<meter min="0" max="${budget}" high="${budget * NEARLY_SPENT}" optimum="0" value="${Math.min(used, budget)}" aria-label="Budget used in the last 24 hours"></meter>${grouped(used)} of ${counted(budget, 'request')}`
}

function tokenOf({ token }: Status): Html {
  const end = at(token.expires_at)
  return html`${token.state}${end && html` until ${end}`}`
}

const BYTES_PER_MB = 1_000_000

function cacheOf({ cache }: Status): Html {
  const served = cache.hits + cache.stale_hits
  const lookups = served + cache.misses
  const share = lookups === 0 ? '' : ` (${Math.round((100 * served) / lookups)} %)`
  const megabytes = (bytes: number) => grouped(Math.round(bytes / BYTES_PER_MB))
  const lists = `${counted(cache.entries, 'user')}, ${megabytes(cache.bytes)} of ${megabytes(cache.max_bytes)} MB`
  const hits = `${grouped(served)} of ${counted(lookups, 'lookup')}${share}, ${grouped(cache.stale_hits)} of them with a stale list`
  return html`${row('Lists', lists)}
${row('Hits', hits)}`
}

const SHARED_CACHE = { off: 'off', connected: 'connected', degraded: 'out of reach' }

const LINK_STATES = ['active', 'doubtful', 'refused', 'ended', 'unreadable'] as const

/** Returns the linked accounts section; undefined while linked accounts are off. */
function linksOf({ links }: Status): Html | undefined {
  if (links === undefined) return undefined
  const present = LINK_STATES.filter(state => links[state] > 0)
  const counts = present.map(state => `${grouped(links[state])} ${state}`).join(', ')
  return html`<h2>Linked accounts</h2>
<dl>
${row('Links', counts || 'none')}
${row('Next consent ends', at(links.next_consent_end))}
</dl>
`
}

/** Returns a description list row; undefined without a value. */
function row(name: string, value: Html | string | null | false): Html | undefined {
  return value ? html`<dt>${name}</dt><dd>${value}</dd>` : undefined
}

function at(iso: string | null): Html | null {
  return iso === null ? null : instant(Date.parse(iso))
}
