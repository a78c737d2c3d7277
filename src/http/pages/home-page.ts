import { ownSegment } from '../../user-id/user-id.ts'
import { type Html, html } from './html.ts'
import { page } from './layout.ts'
import { type UserFormOptions, userForm } from './user-form.ts'

export interface HomePageOptions extends UserFormOptions {
  /** Users to try, by canonical id. */
  exampleUsers: readonly string[]
}

/** The page with the form for finding a user's list. */
export function homePage({ exampleUsers, ...form }: HomePageOptions): string {
  const { basePath, error } = form
  return page(
    { title: error === undefined ? 'Find playlists' : 'Not a Spotify user', basePath },
    html`<h1>All public playlists of a Spotify user</h1>
<p>This service reads the whole list from Spotify. You can look at it here, or get it as JSON, CSV, NDJSON or text.</p>
${userForm(form)}${examples(exampleUsers, basePath)}`,
  )
}

function examples(users: readonly string[], basePath: string): Html | undefined {
  if (users.length === 0) return undefined
  const links = users.map(
    user => html`<li><a href="${basePath}/users/${ownSegment(user)}/playlists"><bdi>${user}</bdi></a></li>
`,
  )
  return html`<h2 id="examples">Users to try</h2>
<nav aria-labelledby="examples"><ul>
${links}</ul></nav>
`
}

const RESOURCES = [
  [
    'playlists',
    '/users/{user}/playlists',
    'all public playlists of a user id, URI or profile link',
  ],
  ['reference', '/docs/', 'API reference, for browsers'],
  ['openapi', '/openapi.yaml', 'API reference, for programs'],
  ['problems', '/problems', 'what each error means'],
  ['status', '/status', 'the state of this service'],
] as const

/** The service's resources and paths, as JSON for programs. */
export function homeIndex(basePath: string): string {
  const paths = RESOURCES.map(([name, path]) => [name, basePath + path])
  return JSON.stringify(Object.fromEntries(paths))
}

/** The service's resources and paths, as text for a terminal. */
export function homeText(basePath: string): string {
  const width = Math.max(...RESOURCES.map(([, path]) => path.length)) + basePath.length
  const lines = RESOURCES.map(([, path, what]) => `  ${(basePath + path).padEnd(width)}  ${what}\n`)
  return `Playlist proxy: all public playlists of a Spotify user in one response.\n\n${lines.join('')}`
}
