import type { CacheSnapshot } from '../playlists/snapshot.ts'
import type { AppInstance } from './app-instance.ts'
import { type DrainOptions, drainConnections } from './drain.ts'

/** The share of the limit after which the service abandons unfinished writes. */
const CLOSE_SHARE = 0.85

export interface ShutdownOptions extends DrainOptions {
  /** Called when the shutdown begins. */
  onStop: () => void
  snapshot: Pick<CacheSnapshot, 'write' | 'abandon' | 'close'> | undefined
  /** The connection to other replicas; `late` aborts when the shutdown cannot wait any longer. */
  shared: { close(late: AbortSignal): Promise<void> } | undefined
  /** Closes everything except drained connections, `snapshot` and `shared`; `late` is as for `shared`. */
  close: (late: AbortSignal) => Promise<void>
}

/**
 * Makes `app.close()` stop the service in order and within `limitMs`: it first drains connections, then ends
 * background work.
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
    // Also writes the snapshot now, since there might be too little time left at the end.
    snapshot?.write()
    await drain()
  })
  app.addHook('onClose', async () => {
    abortLookups()
    await Promise.all([close(late.signal), snapshot?.close(), shared?.close(late.signal)])
    cancelLate()
  })
}
