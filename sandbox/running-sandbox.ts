import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { answerToken } from './accounts.ts'
import { type AnswerContext, sendJson } from './answer.ts'
import { imageHosts } from './covers.ts'
import { type Fault, Faults } from './faults.ts'
import { delay, Holds } from './holds.ts'
import { type PlaylistsQuery, playlistPage, playlistsQuery } from './page.ts'
import { RequestLog, type SandboxRequest } from './requests.ts'
import type { Sandbox, SandboxOptions } from './sandbox-options.ts'
import { Tokens } from './tokens.ts'
import { type Entries, Users } from './users.ts'
import { answerWebApi } from './web-api.ts'

/** The sandbox behind a server. */
export class RunningSandbox implements Sandbox {
  readonly port: number
  readonly apiUrl: string
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  latencyMs: number
  tokenLifetimeSeconds = 3600
  readonly log = new RequestLog()
  readonly faults = new Faults()
  readonly users: Users
  readonly tokens: Tokens
  readonly #holds = new Holds()
  readonly #server: Server
  readonly #origin: string

  /** `server` already listens on `port`. */
  constructor(server: Server, host: string, port: number, options: SandboxOptions) {
    this.#server = server
    this.#origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
    this.port = port
    this.apiUrl = `${this.#origin}/v1`
    this.tokenUrl = `${this.#origin}/api/token`
    this.clientId = options.clientId ?? 'sandbox-client'
    this.clientSecret = options.clientSecret ?? 'sandbox-secret'
    this.latencyMs = options.latencyMs ?? 0
    this.users = new Users(imageHosts(options.publicUrl ?? this.#origin))
    this.tokens = new Tokens(options.now ?? Date.now)
  }

  get requests() {
    return this.log.requests
  }

  get peakInFlight() {
    return this.log.peakInFlight
  }

  get issuedTokens() {
    return this.tokens.issued
  }

  count(kind: 'token' | 'api') {
    return this.log.count(kind)
  }

  clear() {
    this.log.clear()
  }

  arrived(kind: 'token' | 'api', count: number) {
    return this.log.arrived(kind, count)
  }

  hold(kind: 'token' | 'api') {
    return this.#holds.add(kind)
  }

  fault(fault: Fault) {
    return this.faults.add(fault)
  }

  clearFaults() {
    this.faults.clear()
  }

  revokeTokens() {
    this.tokens.revokeAll()
  }

  setUser(id: string, entries: Entries) {
    this.users.set(id, entries)
  }

  user(id: string) {
    return this.users.get(id)
  }

  close() {
    return new Promise<void>(resolve => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  /** Responds like Spotify, or according to a fault. */
  async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const request = this.log.add(req, res)
    await this.#holds.pass(request.kind)
    if (request.kind === 'api' && this.latencyMs > 0) await delay(this.latencyMs, res)
    // A disconnected client must not count as one of a fault's times.
    if (res.destroyed) return
    const context = this.#context(request, req, res)
    const faulty = this.faults.take(request)
    if (faulty) return faulty(context)
    if (request.kind === 'token') return answerToken(this, req, res)
    if (request.kind === 'api') return answerWebApi(this.tokens, req, context)
    sendJson(res, 404, { error: 'not_found' })
  }

  #context(request: SandboxRequest, req: IncomingMessage, res: ServerResponse): AnswerContext {
    // Links use the client's name of the sandbox, so they also work between containers.
    const origin = req.headers.host ? `http://${req.headers.host}` : this.#origin
    const page = () => {
      const query = playlistsQuery(request.path) ?? ANY_PAGE
      return playlistPage(`${origin}/v1`, this.users.get(query.userId) ?? [], query)
    }
    return { request, res, socket: req.socket, origin, page }
  }
}

/** The page of faults with pages in response to other requests. */
const ANY_PAGE: PlaylistsQuery = { userId: 'smedjan', limit: 50, offset: 0 }
