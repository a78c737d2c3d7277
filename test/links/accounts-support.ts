import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { createLinks } from '../../src/links/create-links.ts'
import type { LinkName } from '../../src/links/link.ts'
import { cacheKeyOf } from '../../src/links/link-key.ts'
import { Problem } from '../../src/problems/problem.ts'
import { createSpotify } from '../../src/spotify/create-spotify.ts'
import { DailyBudget } from '../../src/spotify/gate/request-quota.ts'
import { configFor } from '../support/config.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { REDIRECT_URI } from './oauth-support.ts'
import { lookup } from './source-support.ts'

let folders = 0

/** Linked accounts as in the service, with a sandbox in Development Mode. */
export async function accountsFor(t: Test, onForget: (link: LinkName) => unknown = () => {}) {
  const folder = `/tmp/accounts-${process.pid}-${++folders}`
  mkdirSync(folder)
  const clock = new ManualClock()
  const sandbox = await startSandbox({
    now: () => clock.now(),
    switches: { mode: 'development', redirectUris: [REDIRECT_URI], consent: 'approve' },
  })
  const { logger: log, written, lines } = recordingLogger()
  const config = await configFor(sandbox, { SPOTIFY_AUTHORIZE_URL: sandbox.authorizeUrl })
  const budget = new DailyBudget(undefined, clock)
  const forgotten: LinkName[] = []
  const file = join(folder, 'links.json')
  const start = async () => {
    const stopping = new AbortController()
    const spotify = createSpotify({
      config,
      budget,
      peers: undefined,
      clock,
      random: () => 0,
      log,
      observe: () => {},
    })
    const accounts = await createLinks({
      config,
      file,
      redirectUri: REDIRECT_URI,
      spotify,
      budget,
      clock,
      random: () => 0,
      log,
      forget: async ({ userId, linkId }) => {
        forgotten.push({ userId, linkId })
        await onForget({ userId, linkId })
      },
      signal: stopping.signal,
    })
    const look = (user: string) =>
      accounts.source.playlists(cacheKeyOf(accounts.links, user), undefined, {
        ...lookup,
        signal: stopping.signal,
      })
    const link = async (user: string) => {
      sandbox.switches.signedIn = user
      const { ticket } = await accounts.consents.invite(user)
      const url = String(await accounts.consents.begin(ticket))
      const { headers } = await fetch(url, { redirect: 'manual' })
      return accounts.consents.complete(new URL(String(headers.get('location'))).searchParams)
    }
    const stop = () => stopping.abort(new Problem('shutting-down', 'The service stopped.'))
    const close = async (late = new AbortController().signal) => {
      await accounts.close(late)
      await spotify.close()
    }
    return { ...accounts, look, link, stop, close }
  }
  t.teardown(async () => {
    await sandbox.close()
    rmSync(folder, { recursive: true })
  })
  return { clock, sandbox, config, log, folder, start, file, written, lines, forgotten }
}
