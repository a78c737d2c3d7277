import type { Test } from 'tap'
import { Agent, request as send } from 'undici'
import type { ManualClock } from '../../support/manual-clock.ts'
import { listen } from '../../support/raw-http.ts'
import { startService } from '../../support/service.ts'

export type Headers = Record<string, string>
export type Method = 'GET' | 'HEAD'

interface Options {
  variables?: Headers
  clock?: ManualClock
  others?: Parameters<typeof startService>[3]
}

/** Starts a listening service; `routed` counts the requests seen by the routes. */
export async function start(
  t: Pick<Test, 'teardown'>,
  { variables, clock, others = { logLevel: 'info' } }: Options = {},
) {
  const service = await startService(t, variables, clock, others)
  let count = 0
  service.app.addHook('onRequest', (_request, _reply, done) => {
    count++
    done()
  })
  const port = await listen(service.app)
  const agent = new Agent()
  t.teardown(() => agent.close())
  const fetch = async (path: string, headers: Headers = {}, method: Method = 'GET') => {
    const url = `http://127.0.0.1:${port}${path}`
    const response = await send(url, { headers, method, dispatcher: agent })
    return {
      status: response.statusCode,
      headers: response.headers,
      body: Buffer.from(await response.body.arrayBuffer()).toString('latin1'),
    }
  }
  /** How many requests the work sends through the routes. */
  const routed = async (work: () => Promise<unknown>) => {
    const before = count
    await work()
    return count - before
  }
  return { ...service, port, fetch, routed }
}

export const PATH = '/users/one/playlists'

export type Started = Awaited<ReturnType<typeof start>>

/** Requests the path until hits need no route. */
export async function warmUp({ fetch }: Pick<Started, 'fetch'>, headers: Headers = {}) {
  await fetch(PATH, headers)
  await fetch(PATH, headers)
}
