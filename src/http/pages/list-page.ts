import { member } from '../../lib/member.ts'
import { type ProblemType, problems } from '../../problems/problem.ts'
import { userIdSegment } from '../../user-id/user-id.ts'
import { type Html, html } from './html.ts'
import { instant } from './instant.ts'
import { layout } from './layout.ts'
import { counted, grouped } from './numbers.ts'
import { isOwnedBy } from './playlist-card.ts'
import { coverUrl, visibleText, withoutBidiControls } from './spotify-text.ts'
import { userForm } from './user-form.ts'

/** The default number of playlists on a page. */
export const PAGE_LENGTH = 50
/** The maximum number of playlists on a page, since a browser might load all covers. */
export const MAX_PAGE_LENGTH = 200

/** Whether a list is up to date or stale; if the service failed to read a newer list, the problem type. */
export type ListState = 'fresh' | 'stale' | ProblemType

export interface ListPageOptions {
  /** The canonical user id. */
  userId: string
  basePath: string
  /** The list path, without the base path. */
  path: string
  /** The list's public URL; undefined if unknown. */
  canonicalUrl: string | undefined
  /** The first playlists on the page, used for the title and image. */
  playlists: readonly unknown[]
  /** The position of the first playlist on the page, and the position after the last. */
  from: number
  to: number
  /** The full list length. */
  total: number
  /** The maximum number of playlists on a page. */
  limit: number
  /** Whether links to other pages must name the format. */
  namesFormat: boolean
  /** When Spotify sent the list, epoch ms. */
  generatedAt: number
  state: ListState
  complete: boolean
  /** Why an empty list might be empty. */
  explanation: string | undefined
}

/** The page with a user's playlists: the parts before the first playlist and after the last. */
export function listPage(options: ListPageOptions): { start: Html; end: Html } {
  const { userId, basePath, playlists, from, to } = options
  const own = playlists.filter(playlist => isOwnedBy(playlist, userId))
  const name = own.map(nameOfOwner).find(Boolean) ?? userId
  const hasOtherName = name !== userId
  const title = `Playlists of ${withoutBidiControls(name)}${hasOtherName ? ` (${userId})` : ''}`
  const head = headOf(title, options)
  const { start, end } = layout({ title, basePath, head, isFromSpotify: true })
  const hasPlaylists = from < to
  return {
    start: html`${start}<h1>Playlists of <bdi>${name}</bdi>${hasOtherName && html` <small>${userId}</small>`}</h1>
${introOf(options)}${noteOf(options)}${hasPlaylists ? html`<ul class="grid" role="list">` : emptyOf(options)}`,
    end: html`${hasPlaylists && html`</ul>`}${neighboursOf(options)}${formatsOf(options)}${end}`,
  }
}

/** The text shown instead of playlists if the list is empty or ends before this page. */
function emptyOf(options: ListPageOptions): Html {
  const { basePath, from, explanation } = options
  return explanation === undefined
    ? html`<p>The list has no playlists from number ${grouped(from + 1)} on. <a href="${linkTo(0, options)}">Show the first ones</a></p>
`
    : html`<p>${explanation}</p>
${userForm({ basePath })}`
}

function nameOfOwner(playlist: unknown): string | undefined {
  return visibleText(member(member(playlist, 'owner'), 'display_name'))
}

/** The Open Graph properties (https://ogp.me/) other programs use for link previews. */
function headOf(title: string, { playlists, total, canonicalUrl }: ListPageOptions): Html {
  const image = playlists.map(playlist => coverUrl(member(playlist, 'images'))).find(Boolean)
  const url = html`<meta property="og:url" content="${canonicalUrl}">
<link rel="canonical" href="${canonicalUrl}">
`
  return html`<meta property="og:title" content="${title}">
<meta property="og:type" content="website">
<meta property="og:site_name" content="Playlist proxy">
<meta property="og:description" content="${counted(total, 'public playlist')} on Spotify">
${image && html`<meta property="og:image" content="${image}">`}
${canonicalUrl && url}`
}

function introOf({ userId, from, to, total, generatedAt }: ListPageOptions): Html {
  const isPart = from < to && to - from < total
  const range = to - from === 1 ? `Number ${grouped(to)}` : `${grouped(from + 1)} to ${grouped(to)}`
  const part = isPart ? `${range} of ` : ''
  const profile = `https://open.spotify.com/user/${userIdSegment(userId)}`
  return html`<p class="muted">${part}${total === 0 ? 'No public playlists' : counted(total, 'public playlist')} · read from Spotify on ${instant(generatedAt)} · <a href="${profile}">profile in Spotify</a></p>
`
}

function noteOf({ state, complete }: ListPageOptions): Html {
  const notes = []
  if (state === 'stale') {
    notes.push('This list is out of date. Reload the page in a moment to see a newer one.')
  } else if (state !== 'fresh') {
    notes.push(
      `This list may be out of date, because the service could not read a newer one: ${problems[state].title}.`,
    )
  }
  if (!complete) {
    notes.push('This list may be incomplete, because it changed while Spotify sent it.')
  }
  return html`${notes.map(
    note => html`<p class="note">${note}</p>
`,
  )}`
}

function neighboursOf(options: ListPageOptions): Html | undefined {
  const { from, to, total, limit } = options
  if (from === 0 && to === total) return undefined
  const before = Math.max(0, from - limit)
  const previous = html`<li><a rel="prev" href="${linkTo(before, options)}">← Previous</a></li>
`
  const next = html`<li><a rel="next" href="${linkTo(to, options)}">Next →</a></li>
`
  return html`<nav class="pages" aria-label="Pages"><ul>
${from > 0 ? previous : html`<li></li>`}${to < total && next}</ul></nav>
`
}

/** Returns the address of the page starting with the playlist at this position. */
function linkTo(offset: number, { basePath, path, limit, namesFormat }: ListPageOptions): string {
  const format = namesFormat ? '&format=html' : ''
  return `${basePath}${path}?limit=${limit}&offset=${offset}${format}`
}

const FORMATS = [
  ['json', 'JSON'],
  ['csv', 'CSV'],
  ['excel', 'CSV for Excel'],
  ['ndjson', 'NDJSON'],
  ['text', 'Text'],
] as const

function formatsOf({ basePath, path }: ListPageOptions): Html {
  const links = FORMATS.map(
    ([format, name]) => html`<li><a href="${basePath}${path}?format=${format}">${name}</a></li>
`,
  )
  return html`<h2 id="formats">The whole list in other formats</h2>
<nav aria-labelledby="formats"><ul>
${links}</ul></nav>
`
}
