import type { Problem } from '../../problems/problem.ts'

/** A pause as gates tell each other of it. */
export interface ToldPause {
  readonly cause: Problem
  /** Epoch milliseconds. */
  readonly until: number
  /** Pauses of an outage in a row; 0 when the reason is another. */
  readonly pauses: number
}

export interface OtherGatesListener {
  /** Another gate has closed, or has been closed all along. */
  paused(pause: ToldPause): void
  /** A probe of another gate, sent at that instant (epoch ms), was answered. */
  opened(probedAt: number): void
}

/** The other gates of the same Spotify app, in other replicas of the service. */
export interface OtherGates {
  /** Who is to hear of them. What one has told itself may come back to it. */
  listen(listener: OtherGatesListener): void
  /** This gate has closed for a reason of its own, not because another did. */
  tellPaused(pause: ToldPause): void
  /** A probe of this gate, sent at that instant (epoch ms), was answered. */
  tellOpened(probedAt: number): void
  /**
   * Asks for the turn to probe. Resolves with what ends the turn; undefined when it is not this
   * gate's. Never rejects: who cannot ask probes alone.
   */
  probe(): Promise<(() => void) | undefined>
}
