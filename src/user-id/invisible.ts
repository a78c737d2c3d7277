/**
 * White space and characters without a glyph: zero-width characters, bidirectional controls, fillers,
 * variation selectors, tags, and some without either property (the braille blank, annotation marks, the
 * object replacement character from copied rich text, a null notehead).
 */
const INVISIBLE = String.raw`\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffc\u{1d159}`
const JOINERS = String.raw`\u200c\u200d`
const SELECTORS = String.raw`\u180b-\u180d\u180f\ufe00-\ufe0f\u{e0100}-\u{e01ef}`
const TAGS = String.raw`\u{e0020}-\u{e007f}`
const FLAG = String.raw`\u{1f3f4}`

const LEADING = new RegExp(`^[${INVISIBLE}]+`, 'u')
/**
 * Everything up to the last visible character, including selectors or tags: a heart emoji ends with one
 * selector, the Scottish flag with six tags. The pattern is greedy, so the engine searches from the end, in
 * linear time.
 */
const UP_TO_LAST_VISIBLE = new RegExp(
  `^[^]*(?:[^${INVISIBLE}\\0-\\x7f][${SELECTORS}]+|${FLAG}[${TAGS}]+|[^${INVISIBLE}])`,
  'u',
)

/** Removes white space and invisible characters at both ends. */
export function trimInvisible(text: string): string {
  const rest = text.replace(LEADING, '')
  return UP_TO_LAST_VISIBLE.exec(rest)?.[0] ?? ''
}

/**
 * An invisible character that no script or emoji needs in this position. Many scripts and emoji need
 * joiners, but not between two ASCII characters. A selector applies to the preceding character; in ASCII,
 * only keycap characters take a selector. Tags follow a black flag.
 */
const STRAY = new RegExp(
  [
    `(?![${JOINERS}${SELECTORS}${TAGS}])[\\p{Default_Ignorable_Code_Point}\\p{Cf}\\u2800\\ufffc\\u{1d159}]`,
    `(?<=[ -~])[${JOINERS}](?=[ -~${JOINERS}])`,
    `(?<=[!-~])(?<![\\d#*])[${SELECTORS}]`,
    `(?<![${FLAG}${TAGS}])[${TAGS}]`,
  ].join('|'),
  'u',
)

/** Returns the first stray invisible character in the name; undefined if there is none. */
export function strayInvisible(name: string): string | undefined {
  return STRAY.exec(name)?.[0]
}

/** Formats the first character: `U+200B`, or `. (U+002E)` if it is visible. */
export function characterName(text: string): string {
  const [character = ''] = text
  const hex = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(character) ? `${character} (U+${hex})` : `U+${hex}`
}
