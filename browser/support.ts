import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium, type Page } from 'playwright-core'

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'

/** The reason to skip browser tests, or false. */
export const skip = existsSync(executablePath) ? false : `no browser at ${executablePath}`

/** Launches a browser that sends no background requests and can run as root in a container. */
export const launch = (): Promise<Browser> =>
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

/**
 * Page errors and warnings, failed requests, and requests for anything outside `roots`. The list grows
 * while the page lives.
 */
export function faultsOf(page: Page, ...roots: string[]): string[] {
  const faults: string[] = []
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) faults.push(message.text())
  })
  page.on('pageerror', error => faults.push(String(error)))
  page.on('request', request => {
    const url = request.url()
    if (!roots.some(root => url.startsWith(root)) && !url.startsWith('data:'))
      faults.push(`asks ${url}`)
  })
  page.on('response', response => {
    if (response.status() >= 400) faults.push(`${response.status()} for ${response.url()}`)
  })
  return faults
}

/** Requests smedjan's playlists with "Execute" in the API reference at this URL. */
export async function tryPlaylists(page: Page, url: string): Promise<string> {
  await page.goto(url)
  const operation = page.locator('#operations-Playlists-getUserPlaylists')
  await operation.locator('.opblock-summary-control').click()
  await operation.getByPlaceholder('id').fill('smedjan')
  await operation.getByRole('button', { name: 'Execute' }).click()
  const live = operation.locator('.live-responses-table')
  await live.locator('.response-col_status', { hasText: '200' }).waitFor()
  return live.innerText()
}

/** A proxy that exposes a service below a path. */
export async function startProxy(path: string) {
  let target = ''
  const server = createServer((incoming, outgoing) => {
    const { url = '', method, headers } = incoming
    if (!url.startsWith(`${path}/`)) {
      outgoing.writeHead(404).end()
      return
    }
    const passedOn = request(target + url.slice(path.length), { method, headers }, answer => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    passedOn.on('error', error => outgoing.destroy(error))
    incoming.pipe(passedOn)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    /** The service URL behind the proxy. */
    url: `http://127.0.0.1:${port}${path}`,
    leadTo(url: string): void {
      target = url
    },
    close(): void {
      server.close()
      server.closeAllConnections()
    },
  }
}
