import type { ConsentResult, Consents } from '../../links/consents.ts'

/** The number of attempts to link an account, by how they ended; `failed` is a problem. */
export type LinkAttempts = Record<ConsentResult['kind'] | 'failed', number>

export function noAttempts(): LinkAttempts {
  return { linked: 0, declined: 0, 'wrong-account': 0, invalid: 0, failed: 0 }
}

/** Wraps consents so that each attempt to link an account counts in `attempts`. */
export function countAttempts(
  consents: Consents,
  attempts: LinkAttempts,
): Pick<Consents, 'view' | 'begin' | 'complete' | 'finish' | 'end'> {
  async function counted(attempt: Promise<ConsentResult>): Promise<ConsentResult> {
    let kind: keyof LinkAttempts = 'failed'
    try {
      const result = await attempt
      kind = result.kind
      return result
    } finally {
      attempts[kind]++
    }
  }
  return {
    view: ticket => consents.view(ticket),
    begin: ticket => consents.begin(ticket),
    end: ticket => consents.end(ticket),
    complete: query => counted(consents.complete(query)),
    finish: (ticket, pasted) => counted(consents.finish(ticket, pasted)),
  }
}
