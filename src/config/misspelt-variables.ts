import { PROXY_NAMES, readDotenv, SECRET_NAMES, type Variables } from './environment.ts'
import { configSchema } from './schema.ts'

const NAMES: readonly string[] = [
  ...Object.keys(configSchema.properties),
  ...SECRET_NAMES.map(name => `${name}_FILE`),
  ...PROXY_NAMES.map(name => name.toLowerCase()),
]

/** Prefixes for other programs' variables, perhaps in the same file. */
const NOT_OURS = /^(?:NODE|OTEL|SANDBOX|COMPOSE|DOCKER|NPM)_/i

/** A name counts as misspelt if at most this many edits per letter lead to a known name. */
const EDITS_PER_LETTER = 0.2
/** The same limit for a name with the right first word, such as `CACHE_FRESH_SECS`. */
const EDITS_PER_LETTER_AFTER_FIRST_WORD = 0.35

/**
 * Returns a sentence for each unknown variable that resembles a known name or is set in the file at
 * `dotenvPath`. No sentence contains a value.
 */
export function misspeltVariables(environment: Variables, dotenvPath: string): string[] {
  const inDotenv = Object.keys(readDotenv(dotenvPath))
  const unknown = [...new Set([...inDotenv, ...Object.keys(environment)])].filter(
    name => !NAMES.includes(name) && !NOT_OURS.test(name),
  )
  return unknown.flatMap(name => {
    const nearest = nearestName(name)
    if (nearest !== undefined) return [`${name} is unknown; did you mean ${nearest}?`]
    return inDotenv.includes(name) ? [`${name} in ${dotenvPath} is unknown.`] : []
  })
}

function nearestName(name: string): string | undefined {
  const [best] = NAMES.map(candidate => ({
    candidate,
    edits: edits(plain(name), plain(candidate)),
  }))
    .filter(({ candidate, edits }) => edits <= maxEdits(name, candidate))
    .sort((one, other) => one.edits - other.edits)
  return best?.candidate
}

function maxEdits(name: string, candidate: string): number {
  const isFirstWordRight = name.includes('_') && firstWord(name) === firstWord(candidate)
  const share = isFirstWordRight ? EDITS_PER_LETTER_AFTER_FIRST_WORD : EDITS_PER_LETTER
  return Math.floor(share * plain(candidate).length)
}

function firstWord(name: string): string | undefined {
  return name.toUpperCase().split('_')[0]
}

/** Removes differences in separators and case, the most common mistakes. */
function plain(name: string): string {
  return name.toUpperCase().replace(/[^A-Z\d]/g, '')
}

/** Returns the Levenshtein distance: insertions, deletions and substitutions of one character. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [index, character] of [...from].entries()) {
    const next = [index + 1]
    for (let at = 1; at <= to.length; at++) {
      const substituted = (row[at - 1] as number) + Number(character !== to[at - 1])
      next.push(Math.min(substituted, (row[at] as number) + 1, (next[at - 1] as number) + 1))
    }
    row = next
  }
  return row[to.length] as number
}
