import type { Fault } from './faults.ts'
import type { SandboxRequest } from './requests.ts'
import type { Entries } from './users.ts'

/** How a sandbox starts. */
export interface SandboxOptions {
  /** The one app that is registered; default `sandbox-client`. */
  clientId?: string
  /** Default `sandbox-secret`. */
  clientSecret?: string
  /** Address to listen on; default 127.0.0.1. */
  host?: string
  /** Default 0: any free port. */
  port?: number
  /** Delay of each Web API answer in real milliseconds, for demo and benchmarks; default 0. */
  latencyMs?: number
  /** Epoch milliseconds, for the expiry of tokens; default Date.now. */
  now?: () => number
}

/**
 * A running stand-in for Spotify: token endpoint and Web API on one HTTP server, with made-up
 * users. It can also be driven over HTTP, below `/_sandbox`.
 */
export interface Sandbox {
  readonly port: number
  /** `http://host:port/v1` */
  readonly apiUrl: string
  /** `http://host:port/api/token` */
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  /** Delay of each Web API answer in real milliseconds; may be changed at any time. */
  latencyMs: number
  /** Of tokens issued from now on; starts at 3600, as Spotify's. */
  tokenLifetimeSeconds: number
  /** Requests in arrival order since the last clear(), the latest 10 000 of them. */
  readonly requests: readonly SandboxRequest[]
  count(kind: 'token' | 'api'): number
  /** The most Web API requests that were unanswered at the same time since the last clear(). */
  readonly peakInFlight: number
  /** Forgets requests, counts and peak. */
  clear(): void
  /** Resolves once at least `count` requests of that kind have arrived since the last clear(). */
  arrived(kind: 'token' | 'api', count: number): Promise<void>
  /** Leaves requests of that kind unanswered until the returned function is called. */
  hold(kind: 'token' | 'api'): () => void
  /** Installs a fault before all others; the first that matches answers. Returns its removal. */
  fault(fault: Fault): () => void
  clearFaults(): void
  /** Every token issued so far now meets 401 `The access token expired`. */
  revokeTokens(): void
  readonly issuedTokens: readonly string[]
  /** Adds a user or changes their list. */
  setUser(id: string, entries: Entries): void
  /** A user's list as it stands; undefined for an unknown user. */
  user(id: string): Readonly<Entries> | undefined
  /** Stops listening and ends every connection, held and hanging ones too. */
  close(): Promise<void>
}
