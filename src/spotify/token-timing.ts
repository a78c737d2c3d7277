const MIN_MARGIN_MS = 60_000
const FIRST_BACK_OFF_MS = 1_000
const MAX_BACK_OFF_MS = 60_000
/** Wrong credentials need a person; asking faster cannot help. */
const REJECTED_BACK_OFF_MS = 60_000

/**
 * When, after it was asked for, a token is renewed: a fifth of its lifetime early, at least a
 * minute, at most half of it, and never in step. `jitter` is from 0 (included) to 1 (excluded).
 */
export function renewalDelayMs(lifetimeMs: number, jitter: number): number {
  const marginMs = Math.max(MIN_MARGIN_MS, lifetimeMs / 5)
  return lifetimeMs - Math.min(marginMs * (1 + 0.1 * jitter), lifetimeMs / 2)
}

/** How long to wait after credentials were rejected. */
export function rejectedBackOffMs(jitter: number): number {
  return REJECTED_BACK_OFF_MS * (1 + 0.1 * jitter)
}

/** How long to wait after any other failure, the `failures`th in a row; doubles up to a minute. */
export function backOffMs(failures: number, jitter: number): number {
  const ceilingMs = Math.min(FIRST_BACK_OFF_MS * 2 ** (failures - 1), MAX_BACK_OFF_MS)
  return ceilingMs * (0.5 + 0.5 * jitter)
}
