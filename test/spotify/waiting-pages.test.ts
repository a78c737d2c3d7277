import t from 'tap'
import type { Transport } from '../../src/spotify/transport.ts'
import { createSpotifyClient } from '../../src/spotify/web-api.ts'
import { gateFor, passOptions } from '../support/gate.ts'

const MAX_WAITING_PAGES = 32

/** A client that reads all pages at once. */
function clientOf() {
  const { gate, clock, budget } = gateFor({ concurrency: 100 })
  const transport: Transport = {
    async send(_request, _signal, options) {
      await options?.onRead?.()
      return { status: 200, headers: {}, body: '{"total":0,"items":[]}' }
    },
    async close() {},
  }
  const tokens = { token: async () => 'token', replace: async () => 'token' }
  return createSpotifyClient({
    transport,
    basePath: '',
    tokens,
    gate,
    budget,
    clock,
    observe: () => {},
    userAgent: 'test',
    maxPages: 1,
  })
}

t.test('when decoding falls behind, pages keep their slots until they are decoded', async t => {
  const client = clientOf()
  let read = 0
  const page = () =>
    client.page('/x', 0, { ...passOptions(), onRequest: () => {}, onRead: () => read++ })
  const pages = await Promise.all(Array.from({ length: 40 }, page))
  t.equal(pages.length, 40)
  t.equal(read, MAX_WAITING_PAGES)
  await page()
  t.equal(read, MAX_WAITING_PAGES + 1, 'decoded pages no longer count')
})

t.test('an aborted page is not decoded', async t => {
  const aborting = new AbortController()
  const onRead = () => aborting.abort(new Error('aborted'))
  const page = clientOf().page('/x', 0, {
    ...passOptions({ signal: aborting.signal }),
    onRequest: () => {},
    onRead,
  })
  await t.rejects(page, { message: 'aborted' })
})
