import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { grantTypeOf, tokenAnswer } from './accounts.ts'
import { type AnswerContext, sendJson } from './answer.ts'
import { authorizeAnswer } from './authorize.ts'
import { readBody } from './body.ts'
import { imageHosts } from './covers.ts'
import { type Fault, Faults } from './faults.ts'
import { Grants } from './grants.ts'
import { delay, Holds } from './holds.ts'
import type { SandboxOptions } from './options.ts'
import { ownPlaylistsQuery, type PlaylistPage, playlistPage, playlistsQuery } from './page.ts'
import { type RequestKind, RequestLog, type SandboxRequest } from './requests.ts'
import { defaultSwitches, type Switches } from './switches.ts'
import { Tokens, type TokenUser } from './tokens.ts'
import { type Entries, ownEntries, publicEntries, Users } from './users.ts'
import { answerWebApi, userOf } from './web-api.ts'

/**
 * A running stand-in for Spotify: token endpoint, Web API and covers on one HTTP server, with invented users.
 * `/_sandbox` is the control API.
 */
export class Sandbox {
  readonly port: number
  /** `http://host:port/v1` */
  readonly apiUrl: string
  /** `http://host:port/api/token` */
  readonly tokenUrl: string
  /** `http://host:port/authorize` */
  readonly authorizeUrl: string
  readonly clientId: string
  readonly clientSecret: string
  /** Delay before each Web API response in real milliseconds; can be changed at any time. */
  latencyMs: number
  /** For later tokens; default 3600, as with Spotify. */
  tokenLifetimeSeconds = 3600
  readonly log = new RequestLog()
  readonly faults = new Faults()
  readonly users: Users
  readonly tokens: Tokens
  readonly grants: Grants
  /** Can be changed at any time. */
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

  /** The latest 10 000 requests since the last clear(), in order of arrival. */
  get requests(): readonly SandboxRequest[] {
    return this.log.requests
  }

  /** Peak concurrent Web API requests since the last clear(). */
  get peakInFlight(): number {
    return this.log.peakInFlight
  }

  get issuedTokens(): readonly string[] {
    return this.tokens.issued
  }

  get issuedCodes(): readonly string[] {
    return this.grants.issuedCodes
  }

  get issuedRefreshTokens(): readonly string[] {
    return this.grants.issuedRefreshTokens
  }

  /** The number of requests of that kind since the last clear(). */
  count(kind: RequestKind): number {
    return this.log.count(kind)
  }

  /** Resets requests, counts and peak. */
  clear(): void {
    this.log.clear()
  }

  /** Resolves when at least `count` requests of that kind have arrived since the last clear(). */
  arrived(kind: RequestKind, count: number): Promise<void> {
    return this.log.arrived(kind, count)
  }

  /** Holds requests of that kind until the returned function is called. */
  hold(kind: 'token' | 'api'): () => void {
    return this.#holds.add(kind)
  }

  /** Installs a fault before all others; the first match counts. Returns a function to remove it. */
  fault(fault: Fault): () => void {
    return this.faults.add(fault)
  }

  clearFaults(): void {
    this.faults.clear()
  }

  /** Expires every token so far: 401 `The access token expired`. */
  revokeTokens(): void {
    this.tokens.revokeAll()
  }

  /** Ends all of a user's consents, as if the user had removed the app; access tokens stay valid. */
  revokeGrants(userId: string): void {
    this.grants.revoke(userId)
  }

  /** Makes all of a user's consents six months older, so they end. */
  ageGrants(userId: string): void {
    this.grants.age(userId)
  }

  /** Gives an account another user id; consents and tokens stay valid. */
  renameUser(from: string, to: string): void {
    this.users.rename(from, to)
    this.grants.rename(from, to)
  }

  /** Adds a user or replaces the list. */
  setUser(id: string, entries: Entries): void {
    this.users.set(id, entries)
  }

  /** Returns a user's current list; undefined for an unknown user. */
  user(id: string): Readonly<Entries> | undefined {
    return this.users.get(id)
  }

  /** Stops listening and closes every connection, even if held or hanging. */
  close(): Promise<void> {
    return new Promise(resolve => {
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
    // A disconnected client must not count towards a fault's `times`.
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
    // Links use the same host as the client, so they also work between containers.
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
    // A fault that sends a page can also answer any other request.
    const query = playlistsQuery(path) ?? { userId: 'smedjan', limit: 50, offset: 0 }
    return playlistPage(apiUrl, publicEntries(this.users.get(query.userId) ?? []), query)
  }
}
