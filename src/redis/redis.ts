import type { Valkey } from 'iovalkey'
import type { News } from './messages.ts'
import type { Operation } from './operation.ts'

export type SharedState = 'connected' | 'degraded'
/** Whether work goes on without an answer that is late, or rather waits for it. */
export type Manner = 'prompt' | 'patient'

/** What the parts that replicas share are built on. */
export interface SharedConnection {
  /**
   * Runs one command, or several sent at once, within the bound; what is `patient` within a second,
   * and also on a connection that was late a moment ago.
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
  /** Ends both connections. */
  close(): Promise<void>
}
