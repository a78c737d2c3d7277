import type { Clock } from '../lib/clock.ts'
import { PAGE_SIZE, type Page } from '../playlists/serialised-page.ts'
import { Problem } from '../problems/problem.ts'
import { accessDenied } from './gate/diagnosis.ts'
import { type Gate, MAX_ATTEMPTS, type PassOptions } from './gate/gate.ts'
import type { RequestBudget } from './gate/request-quota.ts'
import { readPage } from './page-response.ts'
import { observed, type RequestObserver } from './request-observer.ts'
import type { TokenKeeper } from './token-keeper.ts'
import type { Exchange, SpotifyRequest } from './transport.ts'
import { Turns } from './turns.ts'

/**
 * So many pages, of some 60 kB each once decoded, may wait for that while the next ones are asked for:
 * when decoding does not keep up, asking waits for it.
 */
const MAX_WAITING_PAGES = 32

/** About the longest list that an account can have; what an operator allows may be less. */
const MAX_ACCOUNT_PAGES = 240

export interface SpotifyClientOptions {
  exchange: Exchange
  /** Path of the Web API on the exchange's host, without a trailing slash. */
  basePath: string
  tokens: Pick<TokenKeeper, 'token' | 'replace'>
  gate: Gate
  /** Counts what is sent a second time, since the gate sees each page once. */
  budget: Pick<RequestBudget, 'reserve'>
  clock: Clock
  observe: RequestObserver
  userAgent: string
  /** A list of more pages than any account can have is a bad response. */
  maxPages: number
}

/** What a lookup of one path may cost. */
export type PageTerms = Omit<PassOptions, 'subject' | 'probe'> & {
  /** Called for each request that is sent for it, one for a new token included. */
  onRequest: () => void
  /** Called when a page has been read and the next one may be asked for before it is decoded. */
  onRead: () => void
}

/** What one request for a page is sent with. */
interface Sending extends Pick<PageTerms, 'signal' | 'isRefresh' | 'onRequest' | 'onRead'> {
  token: string
  /** A longer list is a bad response. */
  mostPages: number
}

/** Reads pages of the Web API. */
export interface SpotifyClient {
  /**
   * One page of the list at `path`, from `offset` on. A 401 is tried once more when there is
   * another token than the one that it met.
   *
   * @throws {Problem} what Spotify's answer means for the caller.
   */
  page(path: string, offset: number, terms: PageTerms): Promise<Page>
}

export function createSpotifyClient(options: SpotifyClientOptions): SpotifyClient {
  const { exchange, basePath, tokens, gate, budget, clock, userAgent, maxPages } = options
  const turns = new Turns()
  /** Pages that have been read and are yet to be decoded. */
  let waiting = 0

  /** It counts twice then, and does not leave while Spotify refuses. */
  async function mayResend({ signal, isRefresh, onRequest }: Sending): Promise<boolean> {
    const refund = await budget.reserve(isRefresh)
    if (signal.aborted || gate.status().state === 'paused') {
      refund()
      return false
    }
    onRequest()
    return true
  }

  async function attempt(path: string, sending: Sending): Promise<Page> {
    const { token, signal, onRequest, onRead, mostPages } = sending
    onRequest()
    const headers = {
      accept: 'application/json',
      'accept-encoding': 'gzip',
      authorization: `Bearer ${token}`,
      'user-agent': userAgent,
    }
    const request: SpotifyRequest = { method: 'GET', path: basePath + path, headers }
    let waits = 0
    const wait = async () => {
      waits = 1
      waiting++
      if (waiting <= MAX_WAITING_PAGES) onRead()
      await turns.next()
      signal.throwIfAborted()
    }
    try {
      const response = await exchange.send(request, signal, {
        onRead: wait,
        mayResend: () => mayResend(sending),
      })
      if (response.status === 401) throw new Unauthorized(response.body)
      return readPage(response, mostPages, clock.now())
    } finally {
      waiting -= waits
    }
  }

  const send = (path: string, sending: Sending) =>
    observed(options, 'page', sending.signal, () => attempt(path, sending))

  /** Asks for one playlist of another list at most, by which the gate learns whether Spotify works. */
  async function probe(path: string, token: string, terms: PageTerms): Promise<void> {
    const mostPages = Math.max(maxPages, MAX_ACCOUNT_PAGES)
    const sending = { ...terms, token, onRead: () => {}, mostPages }
    try {
      await send(`${path}?limit=1&offset=0`, sending)
    } catch (error) {
      if (!(error instanceof Unauthorized)) throw error
      // It tells nothing yet where there is another token. Where none can be had nothing can leave.
      if ((await tokens.replace(token, terms.onRequest)) !== token) throw error
      throw accessDenied(401, error.body)
    }
  }

  return {
    async page(path, offset, terms) {
      const pagePath = `${path}?limit=${PAGE_SIZE}&offset=${offset}`
      const attempts = { left: MAX_ATTEMPTS }
      const gateTerms = (token: string): PassOptions => ({
        ...terms,
        subject: path,
        probe: subject => probe(subject, token, terms),
      })
      const ask = (token: string) =>
        gate
          .pass(
            leavePlace => {
              const onRead = () => {
                leavePlace()
                terms.onRead()
              }
              return send(pagePath, { ...terms, token, onRead, mostPages: maxPages })
            },
            gateTerms(token),
            attempts,
          )
          .catch((error: unknown) => {
            if (error instanceof Unauthorized) return error
            throw error
          })
      let token = await tokens.token(terms.onRequest)
      let answer = await ask(token)
      if (answer instanceof Unauthorized) {
        const renewed = await tokens.replace(token, terms.onRequest)
        if (renewed !== token) {
          if (attempts.left === 0) throw tokenReplaced()
          token = renewed
          answer = await ask(token)
        }
      }
      if (answer instanceof Unauthorized) {
        throw await gate.report(accessDenied(401, answer.body), gateTerms(token))
      }
      return answer
    },
  }
}

/** A 401 says nothing about Spotify yet: what it means depends on the token. */
class Unauthorized extends Error {
  readonly originStatus = 401
  readonly body: string

  constructor(body: string) {
    super('Spotify answered with status 401.')
    this.body = body
  }
}

function tokenReplaced(): Problem {
  const detail = 'Spotify no longer took the app token, which has been replaced. Ask again soon.'
  return new Problem('spotify-unavailable', detail, { originStatus: 401 })
}
