import { html as template } from 'ghtml'

/** Markup that is safe to send. Only `html` makes it, so no text is ever taken for markup. */
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

/** A value of a template: text, which is escaped, or markup; or nothing. */
type Value = string | number | Html | readonly Value[] | undefined | null | false

/**
 * Tags a template of markup and escapes all text in it, for elements and for attributes in double quotes.
 *
 * The package would treat a value after `!` as markup, even in `Hello!${name}`; here only the type of a
 * value decides.
 */
export function html(literals: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(String.raw({ raw: literals }, ...values.map(markupOf)))
}

function markupOf(value: Value): string {
  if (value instanceof Html) return value.toString()
  if (value === undefined || value === null || value === false) return ''
  return typeof value === 'object' ? value.map(markupOf).join('') : template`${value}`
}
