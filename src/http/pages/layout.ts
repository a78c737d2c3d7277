import { type Html, html } from './html.ts'
import { STYLE_PATH } from './style.ts'

/** The icon path, below the base path. */
export const ICON_PATH = '/favicon.svg'

/**
 * Header fields for every page, flat: name, value, name, … A page loads only our style sheet, and covers from
 * any host, since Spotify's hosts change. Other sites do not learn which page a reader comes from.
 */
export const PAGE_FIELDS: readonly string[] = pageFields("'self'")

/**
 * Returns header fields for a page with forms that may lead to these sources, directly or through a redirect.
 */
export function pageFields(formAction: string): readonly string[] {
  return [
    'content-security-policy',
    `default-src 'none'; style-src 'self'; img-src http: https: data:; form-action ${formAction}; frame-ancestors 'none'; base-uri 'none'`,
    'referrer-policy',
    'no-referrer',
  ]
}

export interface LayoutOptions {
  /** The page title, without the service name. */
  title: string
  /** The path added by a proxy in front of the service; all links begin with it. */
  basePath: string
  /** Further head elements. */
  head?: Html | undefined
  /** Whether the page shows names and covers from Spotify. The footer then credits Spotify. */
  isFromSpotify?: boolean
}

/** The parts of a page before and after the `main` content. */
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

/** A full page with this `main` content. */
export function page(options: LayoutOptions, main: Html): string {
  const { start, end } = layout(options)
  return String(html`${start}${main}${end}`)
}

/** Marks up code between backticks, as used in problem texts. */
export function withCode(text: string): Html {
  // Every second part was between backticks.
  const parts = text
    .split('`')
    .map((part, at) => (at % 2 === 0 ? html`${part}` : html`<code>${part}</code>`))
  return html`${parts}`
}
