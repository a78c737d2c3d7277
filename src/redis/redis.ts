import type { Valkey } from 'iovalkey'
import type { News } from './messages.ts'
import type { Operation } from './operation.ts'

export type SharedState = 'connected' | 'degraded'
/** With the short time-out, after which work goes on without Redis, or with the long one. */
export type Manner = 'prompt' | 'patient'

/** What the parts that replicas share are built on. */
export interface SharedConnection {
  /**
   * Runs one command, or several sent at once, within the time-out of its manner. Each manner has a
   * connection of its own, so that one that waits for a slow Redis does not tell on the other.
   *
   * @throws {SharedCacheError} when the engine is not reachable, late, or refuses, or when what it
   * has is rubbish; that has been counted and, when it is a change, logged.
   */
  run<T>(operation: Operation, command: (client: Valkey) => Promise<T>, manner?: Manner): Promise<T>
  /** Counts a value that was found and cannot be used. */
  foundRubbish(operation: Operation): void
  /** `degraded` from the first failure on until the engine works again. */
  readonly state: SharedState
  /** Publishes a message to all replicas, this one included; best effort. */
  tell(news: News): void
  /** Calls the listener with each message; returns what ends that. */
  onNews(listener: (news: News) => void): () => void
  /** Calls the listener whenever the state becomes `degraded`. */
  onDegraded(listener: () => void): void
  /** Ends all connections. */
  close(): Promise<void>
}
