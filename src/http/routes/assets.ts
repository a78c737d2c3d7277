import { Type } from 'typebox'
import { Problem } from '../../problems/problem.ts'
import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'
import { ICON_PATH } from '../pages/layout.ts'
import { STYLE, STYLE_PATH } from '../pages/style.ts'
import { sendRepresentation } from '../send.ts'
import { staticRepresentation } from '../static-representation.ts'

/** The page icon: a list with a note, in a colour legible on light and dark tabs. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#2f6f8f"/>
<g fill="none" stroke="#fff" stroke-width="2.5" stroke-linecap="round">
<path d="M7 10h11M7 16h8M7 22h6M22 22V9l4 2"/>
</g>
<circle cx="19.5" cy="22" r="3" fill="#fff"/>
</svg>
`

const IMMUTABLE = 'public, max-age=31536000, immutable'
const ONE_DAY = 'public, max-age=86400'

const style = staticRepresentation(STYLE, {
  contentType: 'text/css; charset=utf-8',
  cacheControl: IMMUTABLE,
})
/** The style sheet for pages from instances running another version, during a rolling update. */
const otherStyle = staticRepresentation(STYLE, { contentType: 'text/css; charset=utf-8' })
const icon = staticRepresentation(ICON, { contentType: 'image/svg+xml', cacheControl: ONE_DAY })
const robots = staticRepresentation('User-agent: *\nDisallow: /\n', {
  contentType: 'text/plain; charset=utf-8',
  cacheControl: ONE_DAY,
})

/** Serves the pages' style sheet and icon, and `robots.txt`, which keeps crawlers out. */
export function assetRoutes(app: AppInstance): void {
  for (const [path, file] of [
    [ICON_PATH, icon],
    // Browsers request this path for resources that do not name an icon.
    ['/favicon.ico', icon],
    ['/robots.txt', robots],
  ] as const) {
    app.get(path, { schema: { hide: true } }, (_request, reply) =>
      sendRepresentation(reply, file, []),
    )
    allowOnlyReading(app, path)
  }
  const path = '/assets/:name'
  const params = Type.Object({ name: Type.String() })
  app.get(path, { schema: { hide: true, params } }, ({ params: { name } }, reply) => {
    if (STYLE_PATH.endsWith(`/${name}`)) return sendRepresentation(reply, style, [])
    if (/^style-[\w-]+\.css$/.test(name)) return sendRepresentation(reply, otherStyle, [])
    throw new Problem('not-found', 'There is no such file.')
  })
  allowOnlyReading(app, path)
}
