import type { Problem } from '../../problems/problem.ts'

/** A pause that gates share. */
export interface RemotePause {
  readonly cause: Problem
  /** Epoch milliseconds. */
  readonly until: number
  /** Consecutive pauses of an outage; 0 for any other cause. */
  readonly pauses: number
}

export interface GatePeersListener {
  /** A peer has closed. */
  paused(pause: RemotePause): void
  /** The probe that a peer sent at `probedAt` (epoch ms) succeeded. */
  opened(probedAt: number): void
}

/** The gates of the other replicas with the same Spotify app. */
export interface GatePeers {
  /** Registers the only listener, which may also receive what this gate has published. */
  listen(listener: GatePeersListener): void
  /** Publishes that this gate has closed because of its own requests, not because a peer has. */
  publishPause(pause: RemotePause): void
  /** Publishes that the probe which this gate sent at `probedAt` (epoch ms) succeeded. */
  publishOpened(probedAt: number): void
  /**
   * Acquires the right to probe. Resolves with the function that releases it, or with undefined while
   * a peer has it. Never rejects: without a connection each gate probes for itself.
   */
  acquireProbe(): Promise<(() => void) | undefined>
}
