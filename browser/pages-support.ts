import type { BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import { startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import { type PlaylistJson, playlist } from '../sandbox/users.ts'
import { faultsOf, launch } from './support.ts'

/** Starts the service, a sandbox, which also draws the covers, and a browser. All end with the test. */
export async function startAll(t: Test, environment: Record<string, string> = {}) {
  const sandbox = await startSandbox()
  const service = await startServiceProcess({ sandbox, environment })
  const browser = await launch()
  t.teardown(async () => {
    await browser.close()
    await service.stop()
    await sandbox.close()
  })
  const { url } = service
  return {
    sandbox,
    browser,
    url,
    /** Opens a tab and collects faults. The tab can only load from the service and the sandbox. */
    async open(options: BrowserContextOptions = {}) {
      const page = await browser.newPage(options)
      const faults = faultsOf(page, `${url}/`, `${new URL(sandbox.apiUrl).origin}/`)
      return { page, faults }
    },
  }
}

/** The playlists on the list page. */
export const cardsOf = (page: Page) => page.locator('main li:has(.cover)')

/** Playlists with texts that try to break out of a page, or out of their columns. */
export function hostilePlaylists(user: string): PlaylistJson[] {
  const texts = [
    '</title><script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '<a href="javascript:alert(1)">here</a>',
    '&lt;script&gt;alert(1)&lt;/script&gt;',
    'x'.repeat(5000),
    'wide words '.repeat(450),
    '\u202eright to left\u202c',
    'أغاني الصباح '.repeat(20),
    '夜'.repeat(300),
    '',
  ]
  return texts.map((text, index) => {
    const entry = playlist(user, index)
    const link =
      index % 2 === 0 ? 'javascript:alert(1)' : 'data:text/html,<script>alert(1)</script>'
    return {
      ...entry,
      name: text,
      description: text,
      external_urls: { spotify: link },
      images: index % 2 === 0 ? null : [],
      owner: { ...entry.owner, id: 'somebody', display_name: text },
    }
  })
}
