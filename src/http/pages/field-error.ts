import { type Html, html } from './html.ts'

/**
 * Shows what is wrong with the value of the field `id`: `attributes` connect the field with the error and
 * with the hint `id-hint` (WCAG 2.2 3.3.1), and `message` is the text below the field.
 */
export function fieldError(
  id: string,
  error: string | undefined,
): { attributes: Html; message: Html | undefined } {
  if (error === undefined) {
    return { attributes: html`aria-describedby="${id}-hint"`, message: undefined }
  }
  return {
    attributes: html`aria-invalid="true" aria-describedby="${id}-error ${id}-hint"`,
    message: html`<p class="error" id="${id}-error">${error}</p>
`,
  }
}
