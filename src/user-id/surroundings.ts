import { characterName } from './invisible.ts'
import { refuseId } from './refuse-id.ts'

/** Opening quotes, each with the quotes that close it. */
const QUOTES: readonly (readonly [opener: string, closers: string])[] = [
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
  ['“', '”'],
  ['”', '”'],
  ['„', '“”'],
  ['‘', '’'],
  ['‚', '‘’'],
  ['«', '»'],
  ['»', '«'],
  ['‹', '›'],
  ['›', '‹'],
  ['「', '」'],
  ['『', '』'],
]
const QUOTE_CLOSERS = new Map(QUOTES)

/** The same for everything that encloses a link in a text: brackets, tags and emphasis too. */
const CLOSERS = new Map([
  ...QUOTES,
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
  ['<', '>'],
  ['>', '<'],
  ['（', '）'],
  ['【', '】'],
  ['《', '》'],
  ['*', '*'],
  ['_', '_'],
  ['~', '~'],
])

/** How deep a link may be enclosed; it bounds the time. */
const MAX_DEPTH = 8

/** The text without the quotes around it, if they match. */
export function unquoted(text: string): string {
  let from = 0
  let to = text.length
  while (
    to - from > 1 &&
    QUOTE_CLOSERS.get(text[from] as string)?.includes(text[to - 1] as string)
  ) {
    from++
    to--
  }
  const inner = text.slice(from, to)
  return /["`“”„«»]|['’][\s,;]/.test(inner) ? text : inner
}

/** What follows a link and cannot belong to a name: a line break, a tab or another link. */
const CLEAR_END = /^\p{Zs}*(?:[\p{Cc}\p{Zl}\p{Zp}]|https?:\/|spotify:)/iu

/**
 * The name at the end of a link, without the brackets, quotes and punctuation of the text around it.
 * `raw` is the name as the link has it, `before` and `behind` are the texts around the link, of which
 * one is not empty.
 *
 * @throws {Problem} `invalid-user-id` when it is not clear where the name ends
 */
export function nameInText(raw: string, before: string, behind: string): string {
  // A text that begins with a link may be a link to `a b` that lacks its percent-encoding.
  if (before === '' && !CLEAR_END.test(behind)) refuseUnclearEnd(behind)
  const enclosedEnd = endWithin(raw, before)
  const isEnclosed = enclosedEnd < raw.length || closersOf(before.at(-1)).includes(behind[0] ?? ' ')
  if (isEnclosed) return raw.slice(0, enclosedEnd)

  const name = withoutPunctuation(raw, before.includes('('))
  // A name may end with an exclamation mark, and some languages have no blank behind a link.
  const [doubt] = /[^!-~]/u.exec(name) ?? /[!*~]/.exec(name.slice(-1)) ?? []
  if (doubt !== undefined) refuseUnclearEnd(doubt)
  return name
}

/** Where the brackets, quotes or emphasis close that the text before the link opens. */
function endWithin(raw: string, before: string): number {
  let end = raw.length
  for (let depth = 1; depth <= MAX_DEPTH; depth++) {
    const ends = Array.from(closersOf(before.at(-depth)), closer =>
      raw.lastIndexOf(closer, end - 1),
    )
    const closing = Math.max(-1, ...ends)
    // An apostrophe in the name is no closing quote.
    if (closing === -1 || closing >= end || /[a-z\d%]/i.test(raw.slice(closing, end))) break
    end = closing
  }
  return end
}

function closersOf(opener: string | undefined): string {
  return CLOSERS.get(opener ?? '') ?? ''
}

/** The name without the punctuation of a sentence, and without a parenthesis that it does not open. */
function withoutPunctuation(raw: string, isInParentheses: boolean): string {
  let end = raw.length
  let surplus = isInParentheses ? count(raw, ')') - count(raw, '(') : 0
  while (/[.,;:]/.test(raw[end - 1] ?? '') || (raw[end - 1] === ')' && surplus > 0)) {
    end--
    if (raw[end] === ')') surplus--
  }
  return raw.slice(0, end)
}

function refuseUnclearEnd(character: string): never {
  refuseId(
    `It is not clear whether ${characterName(character)} belongs to the name in this link. Send the link alone, and percent-encode what belongs to the name.`,
  )
}

/** Quotes, and brackets but for parentheses: `[^\P{Ps}(]` is any of `\p{Ps}` but `(`. */
const DOUBTFUL_FIRST = /^(?:[,;"'`<>]|[^\P{Ps}(]|[^\P{Pe})]|\p{Pi}|\p{Pf})/u
/** The same, and punctuation that ends clauses and sentences, but for `!`, which some names end with. */
const DOUBTFUL_LAST =
  /^(?:["'`<>…]|[^\P{Terminal_Punctuation}!]|[^\P{Ps}(]|[^\P{Pe})]|\p{Pi}|\p{Pf})/u

/**
 * Refuses a name that begins or ends with a quote, a bracket or punctuation, which may come from the
 * text around it. Parentheses around a whole name belong to it; so does everything that a link or URI
 * holds percent-encoded, which is not decoded here. `isEndClear` says that the link goes on behind
 * the name.
 *
 * @throws {Problem} `invalid-user-id`
 */
export function refuseDoubtfulEnds(name: string, isEndClear: boolean): void {
  // These two are refused with a reason of their own.
  if (name === '.' || name === '..') return
  let from = 0
  let to = name.length
  while (name[from] === '(' && name[to - 1] === ')') {
    from++
    to--
  }
  const core = name.slice(from, to)
  const isUneven = count(name, '(') !== count(name, ')')
  const first = isUneven && name.startsWith('(') ? '(' : DOUBTFUL_FIRST.exec(core)?.[0]
  if (first !== undefined) refuseEnd('begins', first)
  if (isEndClear) return
  const last = isUneven && name.endsWith(')') ? ')' : DOUBTFUL_LAST.exec(core.slice(-1))?.[0]
  if (last !== undefined) refuseEnd('ends', last)
}

function refuseEnd(verb: string, character: string): never {
  const bytes = Array.from(Buffer.from(character), byte => byte.toString(16).toUpperCase())
  refuseId(
    `The name ${verb} with ${characterName(character)}. Leave that out or, if it belongs to the name, send spotify:user: and the name with %${bytes.join('%')} in its place.`,
  )
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}
