import { Counter, type Registry } from 'prom-client'

/** Why the service closes a connection of a caller by itself. */
const REASONS = ['stalled', 'limit'] as const

export type ClosedReason = (typeof REASONS)[number]

/** Counts the connections that the service closes by itself. */
export function connectionMetrics(register: Registry): (reason: ClosedReason) => void {
  const closed = new Counter({
    name: 'playlist_proxy_connections_closed_total',
    help: 'Connections that the service closed because the caller did not read or there were too many.',
    labelNames: ['reason'],
    registers: [register],
  })
  for (const reason of REASONS) closed.inc({ reason }, 0)
  return reason => closed.inc({ reason })
}
