import { html as template } from 'ghtml'

/** Markup that is safe to send. Only `html` creates it, so text cannot pass as markup. */
class Html {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

export type { Html }

/**
 * A template value: text, which is escaped, or markup. `undefined`, `null` and `false` render as an empty
 * string.
 */
type Value = string | number | Html | readonly Value[] | undefined | null | false

/**
 * The template tag for markup. It escapes all text values. Values can be used in elements and in double-quoted
 * attributes.
 *
 * The tag in the package `ghtml` does not escape a value after `!`, even in `Hello!${name}`. Here only the
 * value type matters.
 */
export function html(literals: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(String.raw({ raw: literals }, ...values.map(markupOf)))
}

function markupOf(value: Value): string {
  if (value instanceof Html) return value.toString()
  if (value === undefined || value === null || value === false) return ''
  return typeof value === 'object' ? value.map(markupOf).join('') : template`${value}`
}
