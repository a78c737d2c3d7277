import type { OtherGates, OtherGatesListener } from '../../src/spotify/gate/gate-peers.ts'

/** The seam between gates as the test plays it: what was told, and who may probe. */
export function scriptedGates(mayProbe: () => Promise<boolean> = async () => true) {
  const told: unknown[] = []
  let listener: OtherGatesListener | undefined
  const others: OtherGates = {
    listen(given) {
      listener = given
    },
    tellPaused: pause => told.push(['paused', pause.cause.type, pause.until, pause.pauses]),
    tellOpened: probedAt => told.push(['opened', probedAt]),
    async probe() {
      if (!(await mayProbe())) return undefined
      told.push(['probe'])
      return () => told.push(['probe ended'])
    },
  }
  return { others, told, elsewhere: () => listener as OtherGatesListener }
}
