import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import t from 'tap'
import { startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
const skip = existsSync(executablePath) ? false : `no browser at ${executablePath}`

/** A browser that talks to nobody of its own accord, and may run as root in a container. */
const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })

/** Everything in a page that its reader would call a fault. */
function faultsOf(page: Page, origin: string): string[] {
  const faults: string[] = []
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) faults.push(message.text())
  })
  page.on('pageerror', error => faults.push(String(error)))
  page.on('request', request => {
    const url = request.url()
    if (!url.startsWith(origin) && !url.startsWith('data:')) faults.push(`asks ${url}`)
  })
  page.on('response', response => {
    if (response.status() >= 400) faults.push(`${response.status()} for ${response.url()}`)
  })
  return faults
}

t.test('the pages work in a real browser', { skip }, async t => {
  const sandbox = await startSandbox()
  const service = await startServiceProcess({ sandbox })
  const browser = await launch()
  t.teardown(async () => {
    await browser.close()
    await service.stop()
    await sandbox.close()
  })

  for (const path of ['/docs', '/docs/']) {
    await t.test(`${path} reads the contract and tries it`, async t => {
      const page = await browser.newPage()
      const faults = faultsOf(page, service.url)
      await page.goto(service.url + path)
      const operation = page.locator('#operations-Playlists-getUserPlaylists')
      await operation.locator('.opblock-summary-control').click()
      await operation.getByPlaceholder('id').fill('smedjan')
      await operation.getByRole('button', { name: 'Execute' }).click()
      const live = operation.locator('.live-responses-table')
      await live.locator('.response-col_status', { hasText: '200' }).waitFor()
      t.match(await live.innerText(), /"total": 120/)
      t.match(await live.innerText(), /"uri": "spotify:playlist:/)
      t.same(faults, [])
      await page.close()
    })
  }

  await t.test('a problem explains itself, in light and dark', async t => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ colorScheme })
      const faults = faultsOf(page, service.url)
      await page.goto(`${service.url}/problems`)
      await page.getByRole('link', { name: 'spotify-access-denied' }).click()
      const heading = page.getByRole('heading', { level: 1 })
      t.match(await heading.innerText(), /Spotify denied this app access/)
      t.match(await page.innerText('main'), /What the operator can do/)
      const background = await page.evaluate(
        'getComputedStyle(document.documentElement).colorScheme',
      )
      t.equal(background, 'light dark')
      t.same(faults, [])
      await page.close()
    }
  })
})
