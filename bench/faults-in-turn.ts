import type { AnswerName } from '../sandbox/answers.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const FAULTS: AnswerName[] = [
  'unavailable-text',
  'hang',
  'rate-limited',
  'huge-page',
  'reset-mid-body',
  'gzip-bomb',
  'not-found',
  'cut-gzip',
  'expired-token',
  'drip',
]
const EVERY_MS = 30_000
const FAULT_MS = 6000

/**
 * Makes Spotify fail for six seconds in every 30, each time with the next fault. Returns a function that ends
 * the faults.
 */
export function failInTurn(sandbox: Sandbox): () => void {
  let nth = 0
  let repair = () => {}
  let timer = setTimeout(fail, EVERY_MS - FAULT_MS)
  function fail() {
    repair = sandbox.fault({ on: 'api', answer: FAULTS[nth++ % FAULTS.length] as AnswerName })
    timer = setTimeout(heal, FAULT_MS)
  }
  function heal() {
    repair()
    timer = setTimeout(fail, EVERY_MS - FAULT_MS)
  }
  return () => {
    clearTimeout(timer)
    repair()
  }
}
