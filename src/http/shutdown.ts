import type { CacheSnapshot } from '../playlists/snapshot.ts'
import type { AppInstance } from './app-instance.ts'
import { type DrainOptions, drainConnections } from './drain.ts'

/** The part of the limit after which what is still to be written or told is left. */
const CLOSE_SHARE = 0.85

export interface ShutdownOptions extends DrainOptions {
  /** Called when the service is asked to stop. */
  onStop: () => void
  snapshot: Pick<CacheSnapshot, 'write' | 'abandon' | 'close'> | undefined
  /** What is shared with other replicas; `late` is aborted when there is no time left for it. */
  shared: { close(late: AbortSignal): Promise<void> } | undefined
  /** Ends all else, which nobody needs any more. */
  close: () => Promise<void>
}

/**
 * Makes closing the app stop the service in order and, with what its process still does after that,
 * within `limitMs`: callers leave, then what runs behind them ends.
 */
export function stopInOrder(app: AppInstance, options: ShutdownOptions): void {
  const { clock, limitMs, abortLookups, onStop, snapshot, shared, close } = options
  const drain = drainConnections(app, options)
  const late = new AbortController()
  // Fastify runs preClose before onClose.
  let cancelLate!: () => void
  app.addHook('preClose', async () => {
    onStop()
    cancelLate = clock.schedule(CLOSE_SHARE * limitMs, () => {
      snapshot?.abandon()
      late.abort()
    })
    // Not only at the end, when there may be too little time left.
    snapshot?.write()
    await drain()
  })
  app.addHook('onClose', async () => {
    abortLookups()
    await Promise.all([close(), snapshot?.close(), shared?.close(late.signal)])
    cancelLate()
  })
}
