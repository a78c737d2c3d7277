import { html as template } from 'ghtml'

/** Markup that is safe to send. Only `html` makes it, so no text can pass as markup. */
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
 * A value of a template: text, which the template escapes, or markup. `undefined`, `null` and `false` stand for
 * nothing.
 */
type Value = string | number | Html | readonly Value[] | undefined | null | false

/**
 * The tag of a template of markup. It escapes all text among the values, which may stand in elements and
 * in attributes with double quotes.
 *
 * The tag of the package `ghtml` does not escape a value after `!`, even in `Hello!${name}`. Here only the
 * type of a value decides.
 */
export function html(literals: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(String.raw({ raw: literals }, ...values.map(markupOf)))
}

function markupOf(value: Value): string {
  if (value instanceof Html) return value.toString()
  if (value === undefined || value === null || value === false) return ''
  return typeof value === 'object' ? value.map(markupOf).join('') : template`${value}`
}
