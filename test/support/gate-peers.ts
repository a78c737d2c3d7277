import type { GatePeers, GatePeersListener } from '../../src/spotify/gate/gate-peers.ts'

/** Returns simulated gate peers, and a record of everything the gate publishes to them. */
export function scriptedPeers(mayProbe: () => Promise<boolean> = async () => true) {
  const published: unknown[] = []
  let listener: GatePeersListener | undefined
  const peers: GatePeers = {
    listen(given) {
      listener = given
    },
    publishPause: ({ cause, until, pauses }) =>
      published.push(['paused', cause.type, until, pauses]),
    publishOpened: probedAt => published.push(['opened', probedAt]),
    async acquireProbe() {
      if (!(await mayProbe())) return undefined
      published.push(['probe'])
      return () => published.push(['probe ended'])
    },
  }
  return { peers, published, remote: () => listener as GatePeersListener }
}
