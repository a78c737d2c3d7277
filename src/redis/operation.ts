import type { FailureReason } from './redis-error.ts'

/** What the shared cache is used for; names for metrics. */
export const OPERATIONS = [
  'probe',
  'entry_get',
  'entry_store',
  'lease',
  'news_tell',
  'news_read',
  'gate',
  'budget',
  'caller_count',
] as const

export type Operation = (typeof OPERATIONS)[number]

/** Is told what each use of the shared cache came to, and how many milliseconds it took. */
export type SharedObserver = (
  operation: Operation,
  outcome: 'ok' | FailureReason,
  durationMs: number,
) => void
