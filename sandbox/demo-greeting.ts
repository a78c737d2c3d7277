/** The service's page size and default SPOTIFY_CONCURRENCY. */
const PAGE = 50
const CONCURRENCY = 8
/** How long a first lookup takes on a usual machine, besides waiting for the sandbox. */
const OVERHEAD_MS = 150

/** The values shown in the demo greeting. */
export interface Demo {
  /** The service's scheme, host and port. */
  readonly url: string
  /** The sandbox's scheme, host and port. */
  readonly sandboxUrl: string
  /** Delay before each sandbox response. */
  readonly latencyMs: number
  /** Ports in use by another program. */
  readonly takenPorts: readonly number[]
  /** The address where the owner links the account. */
  readonly invitation: string
  /** Returns how many playlists a user has. */
  playlistsOf(user: string): number
}

/** The first lines the demo prints: what to open, what to try and what that costs. */
export function greeting(demo: Demo): string {
  const { url, sandboxUrl, latencyMs, takenPorts, invitation, playlistsOf } = demo
  const costOf = (user: string) => {
    const requests = Math.max(1, Math.ceil(playlistsOf(user) / PAGE))
    // The first page tells how many pages follow.
    const rounds = 1 + Math.ceil((requests - 1) / CONCURRENCY)
    const seconds = ((rounds * latencyMs + OVERHEAD_MS) / 1000).toFixed(1)
    return `${requests} Spotify requests, about ${seconds} s`
  }
  const taken = takenPorts
    .map(port => `Port ${port} is taken, so this run uses another.\n`)
    .join('')
  return `Open ${url}/ in a browser.
${taken}
Or try, in another terminal:

  curl -s '${url}/users/collector/playlists?format=text' | tail -n 3
    ${playlistsOf('collector')} playlists: ${costOf('collector')}. The second time: 0 requests, 1 ms.

  curl '${url}/users/spotify%3Auser%3Asmedjan/playlists?format=text&limit=3'
    Three of ${playlistsOf('smedjan')}, for a user given as a URI: ${costOf('smedjan')}.

  curl '${url}/users/smedjan/playlists?format=csv' -o playlists.csv
    The same list as a file for spreadsheets: 0 requests, a few ms.

A sandbox stands in for Spotify. Make it fail, see what callers still get, and let it work again:

  curl ${sandboxUrl}/_sandbox/faults -d '{"on":"api","answer":"server-error"}'
  curl -X DELETE ${sandboxUrl}/_sandbox/faults

Link an account as an invited owner would; the sandbox also provides Spotify's consent page:

  ${invitation}

Ctrl-C ends the demo. It prints a line for each request:
`
}
