import { getUsersPlaylists, SpotifyClient, SpotifyError } from '@soundify/web-api'
import { type AccessToken, SpotifyApi } from '@spotify/web-api-ts-sdk'
import t, { type Test } from 'tap'
import { linkedServiceFor } from '../links/linked-service.ts'
import { failureOf } from '../support/failure-of.ts'
import { startService } from '../support/service.ts'

type Limit = 1 | 20 | 50 | undefined

/** A page of playlists as returned by a client library. */
interface Page {
  items: unknown[]
  total: number
  limit: number
  next: string | null
}

/** Reads one page with a Spotify client library. */
type ReadPage = (userId: string, limit: Limit, offset: number) => Promise<Page>

/** Spotify's own library. All clients share one base URL, so each call sets it first. */
function officialClient(apiUrl: string, token: string): ReadPage {
  const accessToken: AccessToken = {
    access_token: token,
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: '',
    expires: Date.UTC(2099, 0),
  }
  const api = SpotifyApi.withAccessToken('unused', accessToken)
  return (userId, limit, offset) => {
    Reflect.set(SpotifyApi, 'rootUrl', `${apiUrl}/`)
    return api.playlists.getUsersPlaylists(userId, limit as 50, offset)
  }
}

function soundifyClient(apiUrl: string, token: string): ReadPage {
  const client = new SpotifyClient(token, { baseUrl: apiUrl.replace(/v1$/, '') })
  return (userId, limit, offset) => {
    const query = limit === undefined ? { offset } : { limit, offset }
    return getUsersPlaylists(client, userId, query)
  }
}

const clients = { '@spotify/web-api-ts-sdk': officialClient, '@soundify/web-api': soundifyClient }

/** Starts the service. Returns one client for the service and one for the Spotify stand-in. */
async function bothWays(t: Test, makeClient: typeof officialClient) {
  const { app, sandbox, clock } = await startService(t)
  const url = await app.listen({ port: 0 })
  await sandbox.arrived('token', 1)
  const mirror = makeClient(`${url}/v1`, 'unused')
  await mirror('empty', 50, 0)
  const direct = makeClient(sandbox.apiUrl, sandbox.issuedTokens.at(-1) as string)
  return { mirror, direct, sandbox, clock }
}

async function readAll(read: ReadPage, userId: string, limit: Limit): Promise<Page[]> {
  const pages: Page[] = []
  for (let offset = 0; ; ) {
    const page = await read(userId, limit, offset)
    pages.push(page)
    if (page.next === null) return pages
    offset += page.limit
  }
}

for (const [name, makeClient] of Object.entries(clients)) {
  t.test(`${name} reads the same lists through this service as from Spotify`, async t => {
    const { mirror, direct, sandbox } = await bothWays(t, makeClient)
    for (const [userId, limit, pages] of [
      ['empty', 50, 1],
      ['fiftyone', 50, 2],
      ['fiftyone', undefined, 3],
      ['collector', 50, 40],
      ['collector', undefined, 100],
    ] as const) {
      const theirs = await readAll(direct, userId, limit)
      const ours = await readAll(mirror, userId, limit)
      t.equal(ours.length, pages)
      t.same(
        ours.map(({ items, total }) => ({ items, total })),
        theirs.map(({ items, total }) => ({ items, total })),
      )
      t.same(
        ours.flatMap(({ items }) => items),
        sandbox.user(userId),
        `${userId}, ${limit}`,
      )
    }
  })

  t.test(`${name} reads a linked account's list like any other`, async t => {
    const { app, sandbox } = await linkedServiceFor(t, ['smedjan'])
    const read = makeClient(`${await app.listen({ port: 0 })}/v1`, 'unused')
    const pages = await readAll(read, 'smedjan', 50)
    t.equal(pages.length, 3)
    t.same(
      pages.flatMap(({ items }) => items),
      sandbox.user('smedjan')?.filter(entry => entry?.public === true),
    )
  })

  t.test(`${name} reports this service's errors like Spotify's errors`, async t => {
    const { mirror, direct, sandbox } = await bothWays(t, makeClient)
    const kindOf = (error: unknown) => (error as object).constructor.name
    for (const [userId, limit, answer, message] of [
      ['one', 51, undefined, /limit/],
      ['nobody', 50, 'not-found', /no user|Resource not found/],
      ['fifty', 50, 'html', /unusable|JSON/],
      ['smedjan', 50, 'rate-limited', /rate limits|exceeded|429/],
    ] as const) {
      const ask = async (read: ReadPage) => {
        const repair = answer && sandbox.fault({ on: 'api', answer })
        const failure = await failureOf(read(userId, limit as 50, 0))
        repair?.()
        return failure as Error
      }
      const [ours, theirs] = [await ask(mirror), await ask(direct)]
      t.match(ours.message, message)
      t.match(theirs.message, message)
      // If a 200 from Spotify is not JSON, this service responds with an error.
      if (answer !== 'html') t.equal(kindOf(ours), kindOf(theirs))
      if (ours instanceof SpotifyError) {
        t.match(ours, { status: Number, body: { error: { status: ours.status, message: String } } })
      }
    }
  })
}
