import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import t from 'tap'
import { cardsOf, startAll } from './pages-support.ts'
import { skip } from './support.ts'

const KEY = 'k'.repeat(32)

const fieldOf = (page: Page) =>
  page.getByRole('textbox', { name: /Paste a link to a Spotify profile/ })

t.test('a person pastes a link, pages through the list and saves it', { skip }, async t => {
  const { url, open } = await startAll(t)
  // Pages have no scripts, so they also work without JavaScript.
  for (const javaScriptEnabled of [true, false]) {
    const { page, faults } = await open({ javaScriptEnabled })
    await page.goto(`${url}/`)
    await fieldOf(page).fill('https://open.spotify.com/user/smedjan?si=0a1b2c3d')
    await fieldOf(page).press('Enter')
    await page.waitForURL(`${url}/users/smedjan/playlists`)
    t.match(await page.title(), /^Playlists of /)
    t.equal(await cardsOf(page).count(), 50)
    t.match(await cardsOf(page).first().innerText(), /Morning coffee 0\s+157 tracks/)
    await page.getByRole('link', { name: /Next/ }).click()
    await page.waitForURL(/offset=50/)
    await page.getByRole('link', { name: /Next/ }).click()
    await page.waitForURL(/offset=100/)
    t.equal(await cardsOf(page).count(), 20)
    t.equal(await page.getByRole('link', { name: /Next/ }).count(), 0)
    await page.getByRole('link', { name: /Previous/ }).click()
    await page.waitForURL(/offset=50/)

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV', exact: true }).click(),
    ])
    t.match(download.suggestedFilename(), /smedjan.*\.csv$/)
    const csv = await readFile(await download.path(), 'utf8')
    t.ok(csv.startsWith('position,id,name,'))
    t.match(csv, /^120,/m, 'the whole list')
    t.same(faults, [])
    await page.context().close()
  }
})

t.test('the keyboard alone leads to a playlist, and focus is visible', { skip }, async t => {
  const { url, open } = await startAll(t)
  const { page } = await open()
  const focused = async () => {
    const [tag, text, outline] = (await page.evaluate(`(() => {
      const { activeElement: element } = document
      const around = getComputedStyle(element, element.closest('li .cover ~ h2') && '::after')
      return [element.tagName, element.textContent, around.outlineStyle]
    })()`)) as [string, string, string]
    t.equal(outline, 'solid', `${tag} ${text}`)
    return `${tag} ${text}`
  }
  await page.goto(`${url}/`)
  await page.keyboard.press('Tab')
  t.equal(await focused(), 'A Playlist proxy')
  await page.keyboard.press('Tab')
  t.equal(await focused(), 'INPUT ')
  await page.keyboard.type('smedjan')
  await page.keyboard.press('Tab')
  t.equal(await focused(), 'BUTTON Show playlists')
  await page.keyboard.press('Enter')
  await page.waitForURL(`${url}/users/smedjan/playlists`)
  for (let presses = 0; presses < 3; presses++) await page.keyboard.press('Tab')
  t.equal(await focused(), 'A Morning coffee 0')
})

t.test('the form says beside the field why the user is invalid', { skip }, async t => {
  const { url, open } = await startAll(t)
  const { page } = await open()
  await page.goto(`${url}/`)
  const pasted = 'https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M'
  await fieldOf(page).fill(pasted)
  await page.getByRole('button', { name: 'Show playlists' }).click()
  t.equal(await fieldOf(page).inputValue(), pasted)
  t.match(await page.innerText('form'), /This is not the link or URI of a Spotify user/)
  await fieldOf(page).fill('#mimble!')
  await fieldOf(page).press('Enter')
  await page.waitForURL(`${url}/users/%23mimble!/playlists`)
  t.equal(await cardsOf(page).count(), 4)
})

t.test('the home page offers the users in EXAMPLE_USERS', { skip }, async t => {
  const { url, open } = await startAll(t, { EXAMPLE_USERS: 'smedjan,#mimble!' })
  const { page, faults } = await open()
  await page.goto(`${url}/`)
  await page.getByRole('link', { name: '#mimble!' }).click()
  t.equal(page.url(), `${url}/users/%23mimble!/playlists`)
  t.equal(await cardsOf(page).count(), 4)
  t.same(faults, [])
})

t.test('a browser receives a problem as a page with advice', { skip }, async t => {
  const { sandbox, url, open } = await startAll(t)
  sandbox.fault({ on: 'api', answer: 'rate-limited' })
  for (const [path, status] of [
    ['/users/smedjan/playlists?limit=x', 400],
    ['/users/%7Bid%7D/playlists', 400],
    ['/nothing', 404],
    ['/users/smedjan/playlists', 503],
  ] as const) {
    const forPrograms = await fetch(url + path)
    const { title, detail } = (await forPrograms.json()) as { title: string; detail: string }
    const { page } = await open()
    const response = await page.goto(url + path)
    t.equal(response?.status(), status, path)
    t.match(response?.headers()['content-type'], /^text\/html/)
    t.equal(await page.getByRole('heading', { level: 1 }).innerText(), title)
    const text = await page.innerText('main')
    t.match(text, detail)
    t.match(text, 'What you can do')
    t.match(text, String(response?.headers()['x-request-id']))
    if (status === 503) t.match(text, /Try again in \d+ seconds? \(.+ UTC\)\./)
    await page.close()
  }
})

t.test('on a phone, problem types only break at hyphens', { skip }, async t => {
  const { url, open } = await startAll(t)
  const { page } = await open({ viewport: { width: 375, height: 800 } })
  await page.goto(`${url}/problems`)
  const cut = await page.evaluate(`[...document.querySelectorAll('td code')]
    .filter(({ firstChild: text }) => [...text.data.matchAll(/[^-]+/g)].some(({ 0: word, index }) => {
      const range = document.createRange()
      range.setStart(text, index)
      range.setEnd(text, index + word.length)
      return range.getClientRects().length > 1
    }))
    .map(code => code.textContent)`)
  t.same(cut, [])
})

t.test('the status page shows whether the service is healthy', { skip }, async t => {
  const { url, open } = await startAll(t, { SPOTIFY_DAILY_BUDGET: '1000' })
  const { page, faults } = await open()
  await page.goto(`${url}/users/smedjan/playlists`)
  await page.getByRole('link', { name: 'Status' }).click()
  t.equal(page.url(), `${url}/status`)
  t.match(await page.innerText('main'), /All is well\.[\s\S]* of 1,000 requests/)
  t.same(faults, [])
})

t.test('with API keys the browser asks for the key as a password', { skip }, async t => {
  const { url, open } = await startAll(t, { API_KEYS: `friend:${KEY}` })
  const list = `${url}/users/smedjan/playlists`
  // The password dialog stays open, so Chromium ends the navigation.
  await t.rejects((await open()).page.goto(list), /ERR_INVALID_AUTH_CREDENTIALS/)

  const wrong = await open({ httpCredentials: { username: 'anybody', password: 'wrong' } })
  t.equal((await wrong.page.goto(list))?.status(), 401)
  t.match(await wrong.page.innerText('main'), /The operator, who runs this service, gives/)

  const { page, faults } = await open({ httpCredentials: { username: 'anybody', password: KEY } })
  await page.goto(`${url}/`)
  await fieldOf(page).fill('smedjan')
  await fieldOf(page).press('Enter')
  await page.waitForURL(list)
  t.equal(await cardsOf(page).count(), 50)
  await page.getByRole('link', { name: 'Status' }).click()
  t.match(await page.innerText('main'), /All is well/)
  t.same(faults, [])
})
