import type { Problem } from '../../problems/problem.ts'

/** A pause shared between gates. */
export interface RemotePause {
  readonly cause: Problem
  /** Epoch milliseconds. */
  readonly until: number
  /** Consecutive pauses in an outage; 0 for any other cause. */
  readonly pauses: number
}

export interface GatePeersListener {
  /** A peer has closed. */
  paused(pause: RemotePause): void
  /** A probe sent by a peer at `probedAt` (epoch ms) succeeded. */
  opened(probedAt: number): void
}

/** The gates in other replicas with the same Spotify app. */
export interface GatePeers {
  /** Registers the only listener, which can also receive what this gate has published. */
  listen(listener: GatePeersListener): void
  /** Announces that this gate has closed because of its own requests, not because of a peer. */
  publishPause(pause: RemotePause): void
  /** Announces a successful probe, sent by this gate at `probedAt` (epoch ms). */
  publishOpened(probedAt: number): void
  /**
   * Acquires the right to probe. Resolves with a function to release it, or with undefined while a peer has it.
   * Never rejects: without a connection each gate probes for itself.
   */
  acquireProbe(): Promise<(() => void) | undefined>
}
