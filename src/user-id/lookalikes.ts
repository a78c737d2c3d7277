/** Words for an id in documentation and templates. */
const STAND_IN = '(?:spotify[_-]?)?(?:(?:user[_-]?)?(?:id|name)|user|uid)'

const NO_VALUE = /^\((?:null|nil|none|undefined)\)$/i

/** Objects and functions as programs print them. Case-sensitive, to match fewer real names. */
const PRINTED = new RegExp(
  [
    // JavaScript: `[object Object]`, `[Function: id]`, `Symbol(id)`, `function id() {}`, `() => id`.
    String.raw`^\[(?:object|Function|class|Symbol)\b|^Symbol\(.*\)$`,
    String.raw`^function\b(?=.*\}$).*\{|^\([\w\s,]*\)\s*=>`,
    // JSON, Python, Ruby: `{"id":1}`, `{'id': 1}`, `<User object at 0x1a>`, `#<User:0x1a>`.
    String.raw`^\{(?=.*\}$).*[:="']`,
    '^#?<(?=.*>$).*(?:0x|object|function|class|undefined|null|nil|None)',
    // Swift, Rust, Go: `Optional("id")`, `Some("id")`, `map[id:1]`.
    String.raw`^(?:Optional|Some)\(.*\)$|^map\[.*\]$`,
    // Java: `com.example.User@1a2b3c`, `[Ljava.lang.String;@1a2b3c`.
    String.raw`^(?:\[L)?(?:[a-z_]\w*\.)+[A-Z][\w$]*;?@[\da-f]+$`,
  ].join('|'),
  's',
)

/** Router, template and format parameters: `:id`, `{id}`, `<id>`, `$id`, `%s`. */
const PLACEHOLDER = new RegExp(
  [
    String.raw`\{[^{}]*\}`,
    '^#?<[^<>]*>$',
    '<%|%>',
    String.raw`^:[a-z_]\w+$`,
    String.raw`^%(?:(?:\d+\$)?[sdiv@]|\(\w+\)[sd]|\w+%)$|^%!\w`,
    String.raw`^\$\(?(?:${STAND_IN}|\d)\)?$`,
    String.raw`^\[+(?:\.\.\.)?${STAND_IN}\]+$`,
  ].join('|'),
  'i',
)

/** Explains in one sentence why a name, in its original case, cannot be an id; undefined if it can. */
export function impossibleBecause(name: string): string | undefined {
  if (NO_VALUE.test(name)) {
    return 'This looks like "(null)", which programs print for a missing value, not like a user id.'
  }
  if (PRINTED.test(name)) {
    return 'This looks like an object that a program printed, not like a user id.'
  }
  if (PLACEHOLDER.test(name)) {
    return 'This looks like a placeholder, not like a user id.'
  }
  return undefined
}

/** What callers send instead of an id. */
export type Lookalike = 'no-value' | 'me' | 'stand-in' | 'email' | 'display-name' | 'content-id'

const LOOKALIKES: readonly (readonly [kind: Lookalike, pattern: RegExp])[] = [
  ['no-value', /^(?:undefined|null|nil|none|nan|true|false)$/i],
  ['me', /^me$/i],
  ['stand-in', new RegExp(`^(?:your[_-]?)?(?:${STAND_IN}|string)$`, 'i')],
  ['email', /^[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+$/],
  ['display-name', /\p{White_Space}/u],
  // Playlists, albums, artists and tracks have ids in base 62; user ids are lower case.
  ['content-id', /^(?=.*[A-Z])(?=.*[a-z])[A-Za-z\d]{22}$/],
]

/** Classifies a name in its original case; undefined for a likely id. */
export function lookalikeOf(name: string): Lookalike | undefined {
  return LOOKALIKES.find(([, pattern]) => pattern.test(name))?.[0]
}
