import type { Fault } from './faults.ts'
import type { RequestKind, SandboxRequest } from './requests.ts'
import type { Switches } from './switches.ts'
import type { Entries } from './users.ts'

export interface SandboxOptions {
  /** The id of the only registered app; default `sandbox-client`. */
  clientId?: string
  /** Default `sandbox-secret`. */
  clientSecret?: string
  /** Address to listen on; default 127.0.0.1. */
  host?: string
  /** Default 0: any free port. */
  port?: number
  /**
   * Scheme, host and port at which browsers reach covers and consent page; default: the address it listens
   * on.
   */
  publicUrl?: string
  /** The delay of each Web API response in real milliseconds, for demo and benchmarks; default 0. */
  latencyMs?: number
  /** Epoch milliseconds, for the expiry of tokens; default Date.now. */
  now?: () => number
  /** Switches other than their defaults. */
  switches?: Partial<Switches>
}

/**
 * A running stand-in for Spotify: token endpoint, Web API and covers on one HTTP server, with invented
 * users. `/_sandbox` is its control API.
 */
export interface Sandbox {
  readonly port: number
  /** `http://host:port/v1` */
  readonly apiUrl: string
  /** `http://host:port/api/token` */
  readonly tokenUrl: string
  /** `http://host:port/authorize` */
  readonly authorizeUrl: string
  readonly clientId: string
  readonly clientSecret: string
  /** The delay of each Web API response in real milliseconds; can be changed at any time. */
  latencyMs: number
  /** For later tokens; default 3600, as with Spotify. */
  tokenLifetimeSeconds: number
  /** The latest 10 000 requests since the last clear(), in order of arrival. */
  readonly requests: readonly SandboxRequest[]
  count(kind: RequestKind): number
  /** The maximum number of concurrent Web API requests since the last clear(). */
  readonly peakInFlight: number
  /** Resets requests, counts and peak. */
  clear(): void
  /** Resolves when at least `count` requests of that kind have arrived since the last clear(). */
  arrived(kind: RequestKind, count: number): Promise<void>
  /** Holds requests of that kind until the returned function is called. */
  hold(kind: 'token' | 'api'): () => void
  /** Installs a fault before all others; the first match counts. Returns a function that removes it. */
  fault(fault: Fault): () => void
  clearFaults(): void
  /** Expires every token so far: 401 `The access token expired`. */
  revokeTokens(): void
  readonly issuedTokens: readonly string[]
  readonly issuedCodes: readonly string[]
  readonly issuedRefreshTokens: readonly string[]
  /** Can be changed at any time. */
  readonly switches: Switches
  /** Ends all consents of a user, as if the user had removed the app; access tokens stay valid. */
  revokeGrants(userId: string): void
  /** Makes all consents of a user six months older, so they end. */
  ageGrants(userId: string): void
  /** Gives an account another user id; its consents and tokens stay valid. */
  renameUser(from: string, to: string): void
  /** Adds a user or replaces the list. */
  setUser(id: string, entries: Entries): void
  /** The current list of a user; undefined for an unknown user. */
  user(id: string): Readonly<Entries> | undefined
  /** Stops listening and closes every connection, even held and hanging ones. */
  close(): Promise<void>
}
