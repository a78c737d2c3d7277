import t from 'tap'
import { startAll } from './pages-support.ts'
import { faultsOf, skip, startProxy, tryPlaylists } from './support.ts'

t.test('the API reference and the problem pages work in a browser', { skip }, async t => {
  const { browser, url } = await startAll(t)

  for (const path of ['/docs', '/docs/']) {
    await t.test(`${path} shows the contract and sends requests`, async t => {
      const page = await browser.newPage()
      const faults = faultsOf(page, `${url}/`)
      const answer = await tryPlaylists(page, url + path)
      t.match(answer, /"total": 120/)
      t.match(answer, /"uri": "spotify:playlist:/)
      t.same(faults, [])
      await page.close()
    })
  }

  await t.test("the API reference follows the browser's colour scheme", async t => {
    const page = await browser.newPage({ colorScheme: 'dark' })
    const faults = faultsOf(page, `${url}/`)
    await page.goto(`${url}/docs/`)
    const redOfTitle = async () => {
      const color = await page.evaluate(
        "getComputedStyle(document.querySelector('.info .title')).color",
      )
      return Number(/^rgb\((\d+),/.exec(String(color))?.[1])
    }
    await page.locator('html.dark-mode .info .title').waitFor()
    t.ok((await redOfTitle()) > 192, 'light on dark')
    await page.emulateMedia({ colorScheme: 'light' })
    // The page receives the change after the call returns.
    await page.locator('html:not(.dark-mode) .info .title').waitFor()
    t.ok((await redOfTitle()) < 64, 'dark on light')
    t.same(faults, [])
    await page.close()
  })

  await t.test('problem pages work in light and dark mode', async t => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ colorScheme })
      const faults = faultsOf(page, `${url}/`)
      await page.goto(`${url}/problems`)
      await page.getByRole('link', { name: 'Spotify denied access to this app' }).click()
      const heading = page.getByRole('heading', { level: 1 })
      t.match(await heading.innerText(), /Spotify denied access to this app/)
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

t.test('API reference and problem pages work behind a proxy with a path', { skip }, async t => {
  const proxy = await startProxy('/base')
  t.teardown(() => proxy.close())
  const { browser, url } = await startAll(t, { PUBLIC_URL: proxy.url })
  proxy.leadTo(url)
  const page = await browser.newPage()
  const faults = faultsOf(page, `${proxy.url}/`)
  for (const path of ['/docs', '/docs/']) {
    t.match(await tryPlaylists(page, proxy.url + path), /"total": 120/)
  }
  await page.goto(`${proxy.url}/problems`)
  await page.getByRole('link', { name: 'No usable list in the cache' }).click()
  await page.getByRole('heading', { name: 'No usable list in the cache' }).waitFor()
  await page.getByRole('link', { name: 'API reference' }).click()
  await page.getByRole('heading', { name: 'Playlist proxy' }).waitFor()
  t.equal(page.url(), `${proxy.url}/docs/`)
  t.same(faults, [])
})

t.test('the API reference works even if PUBLIC_URL is unreachable', { skip }, async t => {
  const { browser, url } = await startAll(t, { PUBLIC_URL: 'https://lists.invalid' })
  const page = await browser.newPage()
  const faults = faultsOf(page, `${url}/`)
  t.match(await tryPlaylists(page, `${url}/docs`), /"total": 120/)
  t.same(faults, [])
})
