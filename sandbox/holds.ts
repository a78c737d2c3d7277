import type { ServerResponse } from 'node:http'
import type { RequestKind } from './requests.ts'

interface Hold {
  kind: RequestKind
  /** Functions that release the waiting requests. */
  waiting: Array<() => void>
}

/** Holds requests until a test releases them. */
export class Holds {
  readonly #holds = new Set<Hold>()

  /** Holds requests of a kind; returns a function to end the hold and release them. */
  add(kind: RequestKind): () => void {
    const hold: Hold = { kind, waiting: [] }
    this.#holds.add(hold)
    return () => {
      this.#holds.delete(hold)
      for (const release of hold.waiting) release()
    }
  }

  /** Waits while that kind is held. */
  async pass(kind: RequestKind): Promise<void> {
    for (const hold of this.#holds) {
      if (hold.kind === kind) await new Promise<void>(release => hold.waiting.push(release))
    }
  }
}

/** Resolves after `delayMs` of real time, or when the client disconnects. */
export function delay(delayMs: number, res: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, delayMs)
    res.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
