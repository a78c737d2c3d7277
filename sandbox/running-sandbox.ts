import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { grantTypeOf, tokenAnswer } from './accounts.ts'
import { type AnswerContext, sendJson } from './answer.ts'
import { authorizeAnswer } from './authorize.ts'
import { readBody } from './body.ts'
import { imageHosts } from './covers.ts'
import { type Fault, Faults } from './faults.ts'
import { Grants } from './grants.ts'
import { delay, Holds } from './holds.ts'
import { ownPlaylistsQuery, type PlaylistPage, playlistPage, playlistsQuery } from './page.ts'
import { type RequestKind, RequestLog, type SandboxRequest } from './requests.ts'
import type { Sandbox, SandboxOptions } from './sandbox-options.ts'
import { defaultSwitches, type Switches } from './switches.ts'
import { Tokens, type TokenUser } from './tokens.ts'
import { type Entries, ownEntries, publicEntries, Users } from './users.ts'
import { answerWebApi, userOf } from './web-api.ts'

/** The sandbox behind a server. */
export class RunningSandbox implements Sandbox {
  readonly port: number
  readonly apiUrl: string
  readonly tokenUrl: string
  readonly authorizeUrl: string
  readonly clientId: string
  readonly clientSecret: string
  latencyMs: number
  tokenLifetimeSeconds = 3600
  readonly log = new RequestLog()
  readonly faults = new Faults()
  readonly users: Users
  readonly tokens: Tokens
  readonly grants: Grants
  switches: Switches
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
    this.authorizeUrl = `${options.publicUrl ?? this.#origin}/authorize`
    this.clientId = options.clientId ?? 'sandbox-client'
    this.clientSecret = options.clientSecret ?? 'sandbox-secret'
    this.latencyMs = options.latencyMs ?? 0
    this.users = new Users(imageHosts(options.publicUrl ?? this.#origin))
    this.tokens = new Tokens(options.now ?? Date.now)
    this.grants = new Grants(options.now ?? Date.now)
    this.switches = { ...defaultSwitches(), ...options.switches }
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

  get issuedCodes() {
    return this.grants.issuedCodes
  }

  get issuedRefreshTokens() {
    return this.grants.issuedRefreshTokens
  }

  count(kind: RequestKind) {
    return this.log.count(kind)
  }

  clear() {
    this.log.clear()
  }

  arrived(kind: RequestKind, count: number) {
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

  revokeGrants(userId: string) {
    this.grants.revoke(userId)
  }

  ageGrants(userId: string) {
    this.grants.age(userId)
  }

  renameUser(from: string, to: string) {
    this.users.rename(from, to)
    this.grants.rename(from, to)
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
    const user = userOf(this.tokens, req)
    if (user && ownPlaylistsQuery(request.path)) request.userId = user.grant.userId
    const body = request.kind === 'api' ? '' : await readBody(req)
    if (request.kind === 'token') this.#noteGrantType(request, body)
    await this.#holds.pass(request.kind)
    if (request.kind === 'api' && this.latencyMs > 0) await delay(this.latencyMs, res)
    // A disconnected client must not use up one of a fault's times.
    if (res.destroyed) return
    const context = this.#context(request, user, req, res)
    const faulty = this.faults.take(request)
    if (faulty) return faulty(context)
    if (request.kind === 'token') return tokenAnswer(this, request, body)(context)
    if (request.kind === 'api') return answerWebApi(this, req, context)
    if (request.kind === 'authorize') return authorizeAnswer(this, request, body)(context)
    sendJson(res, 404, { error: 'not_found' })
  }

  #noteGrantType(request: SandboxRequest, body: string | undefined): void {
    const grantType = grantTypeOf(request.headers['content-type'], body)
    if (grantType !== undefined) request.grantType = grantType
  }

  #context(
    request: SandboxRequest,
    user: TokenUser | undefined,
    req: IncomingMessage,
    res: ServerResponse,
  ): AnswerContext {
    // Links name the host that the client used, so they also work between containers.
    const origin = req.headers.host ? `http://${req.headers.host}` : this.#origin
    const page = () => this.#page(`${origin}/v1`, request.path, user)
    return { request, res, socket: req.socket, origin, page }
  }

  #page(apiUrl: string, path: string, user: TokenUser | undefined): PlaylistPage {
    const own = ownPlaylistsQuery(path)
    if (own && user) {
      const { userId } = user.grant
      const entries = ownEntries(this.users.get(userId) ?? [], user.scope, this.switches)
      return playlistPage(apiUrl, entries, { userId, ...own })
    }
    // A fault that sends a page may answer any other request, too.
    const query = playlistsQuery(path) ?? { userId: 'smedjan', limit: 50, offset: 0 }
    return playlistPage(apiUrl, publicEntries(this.users.get(query.userId) ?? []), query)
  }
}
