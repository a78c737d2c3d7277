import { type Html, html } from './html.ts'

/**
 * What is wrong with the value of a field: the attributes that connect the field `id` with it and with
 * the hint `id-hint` (WCAG 2.2 3.3.1), and the text to show below the field.
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
