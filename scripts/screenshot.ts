import { stat } from 'node:fs/promises'
import { launch } from '../browser/support.ts'
import { imageHosts } from '../sandbox/covers.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import { playlist } from '../sandbox/users.ts'

// `npm run screenshot`: makes the picture in the README, a list page in Chromium, with sandbox covers. The
// playlists have ordinary names, since the sandbox's own names are deliberately unusual.

const FILE = 'docs/list.png'
/** Every reader of the README loads the file. */
const MAX_BYTES = 200_000
const VIEWPORT = { width: 1200, height: 800 }
const USER = 'smedjan'
const PLAYLISTS = 120
const NAMES = [
  'Morning coffee',
  'Rain, wind and tea',
  'Late night drive',
  'Songs to “borrow”',
  'Family dinner',
  'Café del Sör',
  'Running, 170 bpm',
  'The last train home',
  'أغاني الصباح',
  'Quiet pianos',
  'Kitchen disco',
  'Sunday vinyl',
  'Long way round',
  'Summer of 2019',
  'Fog on the harbour',
  'Strings and tape',
  'Two turntables',
  'Before breakfast',
]

const sandbox = await startSandbox()
const covers = imageHosts(new URL(sandbox.apiUrl).origin)
const entries = Array.from({ length: PLAYLISTS }, (_, index) => ({
  ...playlist(USER, index, covers),
  name: String(NAMES[index % NAMES.length]),
}))
sandbox.setUser(USER, entries)
const service = await startServiceProcess({ sandbox })
const browser = await launch()
try {
  const page = await browser.newPage({ viewport: VIEWPORT, colorScheme: 'light' })
  await page.goto(`${service.url}/users/${USER}/playlists`, { waitUntil: 'networkidle' })
  await page.screenshot({ path: FILE })
} finally {
  await browser.close()
  await service.stop()
  await sandbox.close()
}
const { size } = await stat(FILE)
if (size > MAX_BYTES) throw new Error(`${FILE} has ${size} bytes, more than ${MAX_BYTES}`)
console.log(`${FILE}: ${size} bytes`)
