import { Problem } from '../problems/problem.ts'

const MAX_LENGTH = 1024
const MAX_ENTRIES = 50

/**
 * Refuses a field that is a list and far larger than clients need, before it is parsed: a few such
 * fields of 16 kB would block the event loop for as long as hundreds of hits. RFC 9110 5.4 asks for
 * a refusal; to read a part of the field would be wrong.
 *
 * @throws {Problem} `headers-too-large` (RFC 6585 5)
 */
export function checkFieldSize(name: string, value: string): void {
  if (value.length <= MAX_LENGTH && value.split(',', MAX_ENTRIES + 1).length <= MAX_ENTRIES) return
  const detail = `Header "${name}": send ${MAX_LENGTH} characters and ${MAX_ENTRIES} entries at most.`
  throw new Problem('headers-too-large', detail)
}
