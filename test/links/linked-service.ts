import type { Level } from 'pino'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { configFor } from '../support/config.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { until } from '../support/until.ts'
import { accountsFor } from './accounts-support.ts'

export const ADMIN_KEY = 'a'.repeat(32)
export const admin = { authorization: `Bearer ${ADMIN_KEY}` }

/**
 * The whole service with these linked accounts, and a sandbox in Development Mode. `restart` stops and
 * starts the service, with further variables. `lines` returns the log lines at all levels; with
 * `logLevel: 'info'` there are no lines, and the fast path serves hits.
 */
export async function linkedServiceFor(
  t: Test,
  users: readonly string[],
  variables: Record<string, string> = {},
  logLevel?: Level,
) {
  const accounts = await accountsFor(t)
  const { clock, sandbox, file, lines, written } = accounts
  const logger = logLevel === undefined ? accounts.log : recordingLogger(undefined, logLevel).logger
  const before = await accounts.start()
  for (const user of users) await before.link(user)
  await before.close()
  let routed = 0
  const start = async (further: Record<string, string> = {}) => {
    const config = await configFor(sandbox, {
      LINKS_FILE: file,
      ADMIN_KEYS: `admin:${ADMIN_KEY}`,
      SPOTIFY_AUTHORIZE_URL: sandbox.authorizeUrl,
      ...variables,
      ...further,
    })
    const app = await buildApp(config, { clock, random: () => 0, logger: logger as never })
    app.addHook('onRequest', async () => {
      routed++
    })
    await app.ready()
    return app
  }
  let app = await start()
  t.teardown(() => clock.runUntil(app.close()))
  const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers })
  const restart = async (further: Record<string, string> = {}) => {
    await clock.runUntil(app.close())
    app = await start(further)
  }
  return {
    ...accounts,
    get app() {
      return app
    },
    /** The number of requests seen by the routes. */
    get routed() {
      return routed
    },
    get,
    restart,
    until,
    lines,
    written,
  }
}
