import { type Html, html } from './html.ts'
import { STYLE_PATH } from './style.ts'

/** The path of the icon, below the base path. */
export const ICON_PATH = '/favicon.svg'

/**
 * Header fields of every page, flat: name, value, name, … A page loads only the style sheet of this service,
 * and covers from any host, since Spotify's hosts change. No other site learns which page a reader comes from.
 */
export const PAGE_FIELDS: readonly string[] = pageFields("'self'")

/** The header fields of a page whose forms may lead to these sources, directly or through a redirect. */
export function pageFields(formAction: string): readonly string[] {
  return [
    'content-security-policy',
    `default-src 'none'; style-src 'self'; img-src http: https: data:; form-action ${formAction}; frame-ancestors 'none'; base-uri 'none'`,
    'referrer-policy',
    'no-referrer',
  ]
}

export interface LayoutOptions {
  /** The title of the page, without the name of the service. */
  title: string
  /** The path that a proxy in front of the service adds; all links begin with it. */
  basePath: string
  /** Further elements of the head. */
  head?: Html | undefined
  /** Whether the page shows names and covers from Spotify. Its footer then names Spotify as their source. */
  isFromSpotify?: boolean
}

/** The parts of a page before and after the content of its `main` element. */
export function layout({ title, basePath, head, isFromSpotify = false }: LayoutOptions): {
  start: Html
  end: Html
} {
  const start = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Playlist proxy</title>
<link rel="icon" href="${basePath}${ICON_PATH}" type="image/svg+xml">
<link rel="stylesheet" href="${basePath}${STYLE_PATH}">
${head}</head>
<body>
<header><a href="${basePath}/">Playlist proxy</a></header>
<main>
`
  const source = html`<p>Playlists and covers come from <a href="https://open.spotify.com/">Spotify</a>.</p>
`
  const end = html`</main>
<footer>
${isFromSpotify && source}<nav aria-label="Service"><ul>
<li><a href="${basePath}/">Find playlists</a></li>
<li><a href="${basePath}/docs/">API reference</a></li>
<li><a href="${basePath}/status">Status</a></li>
<li><a href="${basePath}/problems">Problems</a></li>
</ul></nav>
</footer>
</body>
</html>
`
  return { start, end }
}

/** A whole page with this content in its `main` element. */
export function page(options: LayoutOptions, main: Html): string {
  const { start, end } = layout(options)
  return String(html`${start}${main}${end}`)
}

/** Marks up the code that a text has between backticks, as the texts of problems do. */
export function withCode(text: string): Html {
  // Every second part was between backticks.
  const parts = text
    .split('`')
    .map((part, at) => (at % 2 === 0 ? html`${part}` : html`<code>${part}</code>`))
  return html`${parts}`
}
