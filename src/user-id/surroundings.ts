import { characterName } from './invisible.ts'
import { refuseId } from './refuse-id.ts'

/** Opening quotes with their closing quotes. */
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

/** Quotes, brackets, tags and emphasis around a link in a text: each opener with matching closers. */
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

/** The maximum nesting depth, to bound the running time. */
const MAX_DEPTH = 8

/** Removes matching quotes around the text, unless more quotes remain inside. */
export function unquoted(text: string): string {
  let inner = text
  while (inner.length > 1 && QUOTE_CLOSERS.get(inner.charAt(0))?.includes(inner.slice(-1))) {
    inner = inner.slice(1, -1)
  }
  return /["`“”„«»]|['’][\s,;]/.test(inner) ? text : inner
}

/** Text after a link that cannot belong to a name: a line break, a tab or another link. */
const CLEAR_END = /^\p{Zs}*(?:[\p{Cc}\p{Zl}\p{Zp}]|https?:\/|spotify:)/iu

/**
 * Returns the name at the end of a link, without brackets, quotes and punctuation from the surrounding
 * text. `raw` is the name in the link; `before` and `after` surround the link and are not both empty.
 *
 * @throws {Problem} `invalid-user-id` if it is unclear where the name ends
 */
export function nameInText(raw: string, before: string, after: string): string {
  // A text beginning with a link might, as a whole, be an unencoded link to the user `a b`.
  if (before === '' && !CLEAR_END.test(after)) refuseUnclearEnd(after)
  const enclosedEnd = endWithin(raw, before)
  const isEnclosed = enclosedEnd < raw.length || closersOf(before.at(-1)).includes(after[0] ?? ' ')
  if (isEnclosed) return raw.slice(0, enclosedEnd)

  const name = withoutPunctuation(raw, before.includes('('))
  // A name can end with an exclamation mark, and some languages put no blank after a link.
  const [unclear] = /[^!-~]/u.exec(name) ?? /[!*~]/.exec(name.slice(-1)) ?? []
  if (unclear !== undefined) refuseUnclearEnd(unclear)
  return name
}

/** Returns where `raw` closes the brackets, quotes or emphasis before the link. */
function endWithin(raw: string, before: string): number {
  let end = raw.length
  for (let depth = 1; depth <= MAX_DEPTH; depth++) {
    const ends = Array.from(closersOf(before.at(-depth)), closer =>
      raw.lastIndexOf(closer, end - 1),
    )
    const closing = Math.max(-1, ...ends)
    // An apostrophe in the name is not a closing quote.
    if (closing === -1 || closing >= end || /[a-z\d%]/i.test(raw.slice(closing, end))) break
    end = closing
  }
  return end
}

function closersOf(opener: string | undefined): string {
  return CLOSERS.get(opener ?? '') ?? ''
}

/** Removes trailing punctuation, and closing parentheses without an opening parenthesis in the name. */
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
    `It is unclear whether ${characterName(character)} belongs to the name in this link. Send only the link, and percent-encode the name.`,
  )
}

/** Separators, quotes, and brackets other than parentheses: `[^\P{Ps}(]` is any `\p{Ps}` but `(`. */
const AMBIGUOUS_FIRST = /^(?:[,;"'`<>]|[^\P{Ps}(]|[^\P{Pe})]|\p{Pi}|\p{Pf})/u
/**
 * Quotes, brackets other than parentheses, and punctuation at the end of clauses and sentences, except `!`,
 * since some names end with it.
 */
const AMBIGUOUS_LAST =
  /^(?:["'`<>…]|[^\P{Terminal_Punctuation}!]|[^\P{Ps}(]|[^\P{Pe})]|\p{Pi}|\p{Pf})/u

/**
 * Refuses a name that begins or ends with a quote, a bracket or punctuation, since these might belong to
 * the surrounding text. Parentheses around a whole name are part of it, and so are percent-encoded
 * characters; this function does not decode them. `isEndClear` is true if the link continues after the
 * name.
 *
 * @throws {Problem} `invalid-user-id`
 */
export function refuseAmbiguousEnds(name: string, isEndClear: boolean): void {
  // parseUserId refuses `.` and `..` with another reason.
  if (name === '.' || name === '..') return
  let core = name
  while (core.startsWith('(') && core.endsWith(')')) core = core.slice(1, -1)
  const isUneven = count(name, '(') !== count(name, ')')
  const first = isUneven && name.startsWith('(') ? '(' : AMBIGUOUS_FIRST.exec(core)?.[0]
  if (first !== undefined) refuseEnd('begins', first)
  if (isEndClear) return
  const last = isUneven && name.endsWith(')') ? ')' : AMBIGUOUS_LAST.exec(core.slice(-1))?.[0]
  if (last !== undefined) refuseEnd('ends', last)
}

function refuseEnd(verb: string, character: string): never {
  const bytes = Array.from(Buffer.from(character), byte => byte.toString(16).toUpperCase())
  refuseId(
    `The name ${verb} with ${characterName(character)}. Remove it or, if it belongs to the name, use spotify:user: followed by the name, with %${bytes.join('%')} in its place.`,
  )
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}
