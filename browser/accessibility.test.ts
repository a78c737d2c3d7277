import t from 'tap'
import { accessibilityFaults, overflowOf } from './accessibility.ts'
import { hostilePlaylists, startAll } from './pages-support.ts'
import { skip } from './support.ts'

const KEY = 'k'.repeat(32)
const HEIGHT = 900
/** In CSS pixels: a desktop and a phone. */
const WIDTHS = [1200, 375]
/** The width at which WCAG 2.2 (1.4.10) requires pages to reflow. */
const NARROWEST = 320

/** The lookup for the penultimate page exceeds the quota, so the last page shows a paused gate. */
const PATHS = [
  '/',
  '/?user=https%3A%2F%2Fopen.spotify.com%2Fplaylist%2F37i9dQZF1DXcBWIGoYBM5M',
  '/users/smedjan/playlists',
  '/users/smedjan/playlists?limit=10&offset=60',
  '/users/smedjan/playlists?offset=1000',
  '/users/hostile/playlists',
  '/users/empty/playlists',
  '/users/smedjan/playlists?limit=x',
  '/users/failing/playlists',
  '/nothing',
  '/problems',
  '/problems/spotify-access-denied',
  '/status',
  '/users/limited/playlists',
  '/status?paused',
]

for (const colorScheme of ['light', 'dark'] as const) {
  t.test(`each page is accessible in ${colorScheme} colours and reflows`, { skip }, async t => {
    const environment = { EXAMPLE_USERS: 'smedjan,#mimble!', SPOTIFY_DAILY_BUDGET: '1000' }
    const { sandbox, url, open } = await startAll(t, environment)
    sandbox.setUser('hostile', hostilePlaylists('hostile'))
    sandbox.fault({ on: 'api', answer: 'not-found', userId: 'failing' })
    sandbox.fault({ on: 'api', answer: 'quota-exceeded', userId: 'limited' })
    const { page } = await open({ colorScheme })
    for (const path of PATHS) {
      await page.goto(url + path)
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: HEIGHT })
        t.same(await accessibilityFaults(page), [], `${path} at ${width} px`)
      }
      await page.setViewportSize({ width: NARROWEST, height: HEIGHT })
      t.equal(await overflowOf(page), 0, `${path} does not scroll sideways`)
    }
  })
}

t.test('the API key page is accessible', { skip }, async t => {
  const { url, open } = await startAll(t, { API_KEYS: `friend:${KEY}` })
  for (const colorScheme of ['light', 'dark'] as const) {
    const httpCredentials = { username: 'anybody', password: 'wrong' }
    const { page } = await open({ colorScheme, httpCredentials })
    const response = await page.goto(`${url}/users/smedjan/playlists`)
    t.equal(response?.status(), 401)
    t.same(await accessibilityFaults(page), [], colorScheme)
    await page.close()
  }
})
