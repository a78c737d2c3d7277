import { member } from '../../lib/member.ts'
import { type Html, html } from './html.ts'
import { counted } from './numbers.ts'
import { coverUrl, plainText, spotifyUrl, visibleText } from './spotify-text.ts'

/**
 * A playlist entry on this user's page, with the playlist as sent by Spotify. The link covers the entire entry.
 */
export function playlistCard(playlist: unknown, userId: string): Html {
  const cover = coverUrl(member(playlist, 'images'))
  const about = plainText(member(playlist, 'description'))
  const facts = factsOf(playlist, userId)
  return html`<li>
<div class="cover">${cover && html`<img src="${cover}" alt="" loading="lazy" decoding="async" width="300" height="300">`}</div>
<h2 dir="auto">${nameOf(playlist)}</h2>
${facts.length > 0 && html`<p>${facts}</p>`}${about && html`<p dir="auto">${about}</p>`}</li>
`
}

function nameOf(playlist: unknown): Html {
  const name = html`${visibleText(member(playlist, 'name')) ?? 'Playlist without a name'}`
  const url = spotifyUrl(member(member(playlist, 'external_urls'), 'spotify'))
  return url === undefined ? name : html`<a href="${url}">${name}</a>`
}

/** The number of tracks, the owner if it is another user, and `collaborative`, with separators. */
function factsOf(playlist: unknown, userId: string): Html[] {
  const facts: Html[] = []
  // Before 2026, `items` was called `tracks`; either can be absent.
  const total =
    member(member(playlist, 'items'), 'total') ?? member(member(playlist, 'tracks'), 'total')
  if (isCount(total)) facts.push(html`${counted(total, 'track')}`)
  const owner = member(playlist, 'owner')
  if (!isOwnedBy(playlist, userId)) {
    const name = visibleText(member(owner, 'display_name')) ?? visibleText(member(owner, 'id'))
    if (name !== undefined) facts.push(html`by <bdi>${name}</bdi>`)
  }
  if (member(playlist, 'collaborative') === true) facts.push(html`collaborative`)
  return facts.map((fact, at) => (at === 0 ? fact : html` · ${fact}`))
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Whether the playlist belongs to the user with this canonical id. */
export function isOwnedBy(playlist: unknown, userId: string): boolean {
  const id = member(member(playlist, 'owner'), 'id')
  return typeof id === 'string' && id.toLowerCase() === userId
}
