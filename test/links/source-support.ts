import type { Test } from 'tap'
import { WaitingCallers } from '../../src/lib/waiting-callers.ts'
import { AppTokenAccess } from '../../src/links/app-token-access.ts'
import type { Link } from '../../src/links/link.ts'
import { cacheKeyOf } from '../../src/links/link-key.ts'
import { LinkTokens } from '../../src/links/link-tokens.ts'
import { createLinkedSource } from '../../src/links/linked-source.ts'
import type { LookupOptions, PlaylistList } from '../../src/playlists/playlist-list.ts'
import { linkSubject } from '../../src/spotify/gate/gate-evidence.ts'
import { appTokenDenied, linkDenied } from '../../src/spotify/gate/linked-denials.ts'
import { createPlaylistSource } from '../../src/spotify/playlist-source.ts'
import { TokenKeeper } from '../../src/spotify/token-keeper.ts'
import { createTransport } from '../../src/spotify/transport.ts'
import { createSpotifyClient, type SpotifyClientOptions } from '../../src/spotify/web-api.ts'
import { gateFor } from '../support/gate.ts'
import { oauthFor } from './oauth-support.ts'
import { linksFor, recordOf } from './support.ts'

export const lookup: LookupOptions = {
  signal: new AbortController().signal,
  deadlineMs: Number.POSITIVE_INFINITY,
  callers: new WaitingCallers('someone'),
  isRevalidation: false,
  onRequest: () => {},
}

/** The playlist ids in a list, in order. */
export function idsOf({ playlists }: PlaylistList): string[] {
  const text = Buffer.concat(playlists.joined(0, playlists.length)).toString()
  return (JSON.parse(`[${text}]`) as { id: string }[]).map(({ id }) => id)
}

/** A source in Development Mode, for linked users including `user` and for unlinked users. */
export async function sourceFor(t: Test, user = 'smedjan') {
  const parts = linksFor()
  const { links, clock, log } = parts
  const { gate, budget } = gateFor({ clock })
  const { oauth, sandbox, grantOf } = await oauthFor(t, clock)
  sandbox.switches.mode = 'development'
  const { origin } = new URL(sandbox.apiUrl)
  const transportOptions = { clock, timeoutMs: 5000, maxBytes: 2_000_000 }
  const transport = createTransport(origin, 8, transportOptions)
  const appTokens = new TokenKeeper({
    transport,
    path: '/api/token',
    clientId: sandbox.clientId,
    clientSecret: sandbox.clientSecret,
    clock,
    random: () => 0,
    log,
    observe: () => {},
  })
  t.teardown(() => {
    appTokens.stop()
    return transport.close()
  })
  const client = (options: Pick<SpotifyClientOptions, 'tokens' | 'denied' | 'subject'>) =>
    createSpotifyClient({
      transport,
      basePath: '/v1',
      gate,
      budget,
      clock,
      observe: () => {},
      userAgent: 'test',
      maxPages: 240,
      ...options,
    })
  const link = async (userId: string): Promise<Link> => {
    const { refreshToken } = await grantOf(userId)
    return links.add(recordOf(userId, { refreshToken }))
  }
  const tokens = new Map<Link, LinkTokens>()
  const tokensOf = (link: Link) => {
    const known = tokens.get(link)
    const kept = known ?? new LinkTokens(link, { links, oauth, clock, random: () => 0, log })
    tokens.set(link, kept)
    return kept
  }
  const access = new AppTokenAccess({ clock, log, hasLinks: () => links.list().length > 0 })
  const appClient = access.guard(client({ tokens: appTokens, denied: appTokenDenied }))
  const unlinked: string[] = []
  const source = createLinkedSource({
    links,
    clientOf: link =>
      client({
        tokens: tokensOf(link),
        denied: linkDenied,
        subject: linkSubject(link.linkId),
      }),
    unlinked: {
      async playlists(userId, ...rest) {
        unlinked.push(userId)
        return createPlaylistSource({ client: appClient, budget, concurrency: 8 }).playlists(
          userId,
          ...rest,
        )
      },
    },
    budget,
    concurrency: 8,
    clock,
  })
  const first = await link(user)
  const look = (userId: string, previous?: PlaylistList) =>
    source.playlists(cacheKeyOf(links, userId), previous, lookup)
  const read = (previous?: PlaylistList) => look(user, previous)
  sandbox.clear()
  return { ...parts, sandbox, gate, link: first, addLink: link, source, look, read, unlinked }
}
