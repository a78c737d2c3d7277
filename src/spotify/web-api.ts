import { OneTaskPerTick } from '../lib/one-task-per-tick.ts'
import { PAGE_SIZE, type Page } from '../playlists/serialised-page.ts'
import { Problem } from '../problems/problem.ts'
import { accessDenied } from './gate/diagnosis.ts'
import { MAX_ATTEMPTS, type PassOptions } from './gate/gate.ts'
import { type DenialReader, readPage } from './page-response.ts'
import { observed } from './request-observer.ts'
import { type GetOptions, sendGet, type WebApi } from './send-get.ts'
import type { TokenKeeper } from './token-keeper.ts'

/**
 * Maximum number of pages (some 60 kB each) waiting to be decoded while the client requests more. If decoding
 * falls behind, requests wait for it.
 */
const MAX_WAITING_PAGES = 32

/** Roughly the page count of the longest list on any account; SPOTIFY_MAX_PAGES can be lower. */
const MAX_ACCOUNT_PAGES = 240

export interface SpotifyClientOptions extends WebApi {
  tokens: Pick<TokenKeeper, 'token' | 'replace'>
  /** Maximum number of pages in a list; a longer list is a bad response. */
  maxPages: number
  /** The problem for a 403, or a 401 even with a new token; by default the app token problem. */
  denied?: DenialReader
  /** The requests' subject for the gate; by default the list path. */
  subject?: string
}

/** How a page is requested. */
export type PageOptions = Omit<PassOptions, 'subject' | 'probe'> & {
  /** Called for each request to Spotify, including token requests. */
  onRequest: () => void
  /** Called when the page has been read, unless too many pages are already waiting to be decoded. */
  onRead: () => void
}

/** How an attempt is sent. */
type Attempt = GetOptions & Pick<PageOptions, 'onRead'> & Pick<SpotifyClientOptions, 'maxPages'>

/** Reads Web API pages. */
export interface SpotifyClient {
  /**
   * Reads the page at `offset` from the list at `path`. Retries a 401 once if there is another token.
   *
   * @throws {Problem} the problem for the caller.
   */
  page(path: string, offset: number, options: PageOptions): Promise<Page>
}

export function createSpotifyClient(clientOptions: SpotifyClientOptions): SpotifyClient {
  const { tokens, gate, clock, maxPages } = clientOptions
  const { denied = accessDenied, subject } = clientOptions
  const decoding = new OneTaskPerTick()
  /** Pages waiting to be decoded. */
  let waiting = 0

  async function sendOnce(path: string, attempt: Attempt): Promise<Page> {
    let waits = 0
    const onRead = async () => {
      waits = 1
      waiting++
      if (waiting <= MAX_WAITING_PAGES) attempt.onRead()
      await decoding.next()
      attempt.signal.throwIfAborted()
    }
    try {
      const response = await sendGet(clientOptions, path, attempt, { onRead })
      if (response.status === 401) throw new Unauthorized(response.body)
      return readPage(response, attempt.maxPages, clock.now(), denied)
    } finally {
      waiting -= waits
    }
  }

  const send = (path: string, attempt: Attempt) =>
    observed(clientOptions, 'page', attempt.signal, () => sendOnce(path, attempt))

  /** Requests one playlist from another list, to show the gate whether Spotify works. */
  async function probe(path: string, token: string, options: PageOptions): Promise<void> {
    try {
      await send(`${path}?limit=1&offset=0`, {
        ...options,
        token,
        onRead: () => {},
        maxPages: Math.max(maxPages, MAX_ACCOUNT_PAGES),
      })
    } catch (error) {
      if (!(error instanceof Unauthorized)) throw error
      // If there is another token, the 401 was about the old token.
      if ((await tokens.replace(token, options.onRequest)) !== token) throw error
      throw denied(401, error.body)
    }
  }

  return {
    async page(path, offset, options) {
      const pagePath = `${path}?limit=${PAGE_SIZE}&offset=${offset}`
      const attempts = { left: MAX_ATTEMPTS }
      const passOptions = (token: string): PassOptions => ({
        ...options,
        subject: subject ?? path,
        probe: path => probe(path, token, options),
      })
      const request = (token: string) =>
        gate
          .pass(
            releaseSlot => {
              const onRead = () => {
                releaseSlot()
                options.onRead()
              }
              return send(pagePath, { ...options, token, onRead, maxPages })
            },
            passOptions(token),
            attempts,
          )
          .catch((error: unknown) => {
            if (error instanceof Unauthorized) return error
            throw error
          })
      let token = await tokens.token(options.onRequest)
      let page = await request(token)
      if (page instanceof Unauthorized) {
        const renewed = await tokens.replace(token, options.onRequest)
        if (renewed !== token) {
          if (attempts.left === 0) throw tokenReplaced()
          token = renewed
          page = await request(token)
        }
      }
      if (page instanceof Unauthorized) {
        throw await gate.report(denied(401, page.body), passOptions(token))
      }
      return page
    },
  }
}

/** Not a Problem yet: the meaning of a 401 depends on the token. */
class Unauthorized extends Error {
  readonly originStatus = 401
  readonly body: string

  constructor(body: string) {
    super('Spotify responded with status 401.')
    this.body = body
  }
}

function tokenReplaced(): Problem {
  const detail = 'Spotify rejected the access token, which the service has replaced. Retry soon.'
  return new Problem('spotify-unavailable', detail, { originStatus: 401 })
}
