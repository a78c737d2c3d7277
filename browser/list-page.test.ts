import t from 'tap'
import { playlist } from '../sandbox/users.ts'
import { cardsOf, hostilePlaylists, startAll } from './pages-support.ts'
import { skip } from './support.ts'

t.test(
  'covers load, and names in either direction begin below their left edge',
  { skip },
  async t => {
    const { url, open } = await startAll(t)
    const { page, faults } = await open({ viewport: { width: 1200, height: 4000 } })
    await page.goto(`${url}/users/smedjan/playlists`, { waitUntil: 'networkidle' })
    const shown = (await page.evaluate(`
    [...document.querySelectorAll('main li .cover')].map(box => ({
      isSquare: Math.abs(box.offsetWidth - box.offsetHeight) <= 1,
      loaded: box.querySelector('img')?.naturalWidth ?? 0,
    }))`)) as { isSquare: boolean; loaded: number }[]
    t.equal(shown.length, 50)
    t.ok(shown.every(({ isSquare }) => isSquare))
    t.ok(shown.filter(({ loaded }) => loaded > 0).length > 20)
    t.ok(shown.some(({ loaded }) => loaded === 0))
    const [direction, indent] = (await page.evaluate(`(() => {
    const headings = [...document.querySelectorAll('main li h2')]
    const heading = headings.find(({ textContent }) => textContent.startsWith('أغاني'))
    const text = document.createRange()
    text.selectNodeContents(heading)
    const left = Math.min(...[...text.getClientRects()].map(box => box.left))
    return [getComputedStyle(heading).direction, left - heading.getBoundingClientRect().left]
  })()`)) as [string, number]
    t.equal(direction, 'rtl')
    t.ok(Math.abs(indent) < 2, `a right-to-left name begins ${indent} px from the left`)
    t.same(faults, [])
  },
)

t.test('a failed cover leaves the placeholder', { skip }, async t => {
  const { sandbox, url, open } = await startAll(t)
  const { origin } = new URL(sandbox.apiUrl)
  const images = [{ url: `${origin}/missing`, width: 300, height: 300 }]
  sandbox.setUser('odd', [{ ...playlist('odd', 0), images }])
  const { page } = await open()
  await page.goto(`${url}/users/odd/playlists`, { waitUntil: 'networkidle' })
  const [loaded, drawn] = (await page.evaluate(`(() => {
    const cover = document.querySelector('.cover')
    const image = cover.querySelector('img')
    const layers = [getComputedStyle(cover), getComputedStyle(image, '::after')]
    return [image.naturalWidth, layers.map(layer => layer.backgroundImage).join()]
  })()`)) as [number, string]
  t.equal(loaded, 0)
  t.match(drawn, 'data:image/svg+xml')
})

t.test('the list page shows hostile texts as text', { skip }, async t => {
  const { sandbox, url, open } = await startAll(t)
  sandbox.setUser('hostile', hostilePlaylists('hostile'))
  const { page, faults } = await open()
  page.on('dialog', () => faults.push('a script ran'))
  await page.goto(`${url}/users/hostile/playlists`)
  t.equal(await page.locator('script').count(), 0)
  t.equal(await page.locator('main a[href^="javascript:"], main a[href^="data:"]').count(), 0)
  t.match(await cardsOf(page).first().innerText(), '</title><script>alert(1)</script>')
  t.match(await page.title(), /^Playlists of /)
  const tallest = await page.evaluate(
    "Math.max(...[...document.querySelectorAll('main li:has(.cover)')].map(li => li.offsetHeight))",
  )
  t.ok(Number(tallest) < 500, `the tallest card has ${tallest} px`)
  t.same(faults, [])
})
