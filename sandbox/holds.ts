import type { ServerResponse } from 'node:http'
import type { RequestKind } from './requests.ts'

interface Hold {
  kind: RequestKind
  /** Lets each request that waits go. */
  waiting: Array<() => void>
}

/** Keeps requests waiting until a test lets them go. */
export class Holds {
  readonly #holds = new Set<Hold>()

  /** Holds requests of a kind from now on; returns a function that ends it and lets them go. */
  add(kind: RequestKind): () => void {
    const hold: Hold = { kind, waiting: [] }
    this.#holds.add(hold)
    return () => {
      this.#holds.delete(hold)
      for (const go of hold.waiting) go()
    }
  }

  /** Resolves when nothing holds that kind (any more). */
  async pass(kind: RequestKind): Promise<void> {
    for (const hold of this.#holds) {
      if (hold.kind === kind) await new Promise<void>(go => hold.waiting.push(go))
    }
  }
}

/** Resolves after `delayMs` of real time, or as soon as the client has gone. */
export function delay(delayMs: number, res: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, delayMs)
    res.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
