import { type Html, html } from './html.ts'

/**
 * Returns markup for an error in field `id` (WCAG 2.2 3.3.1). The `attributes` are for the field: they refer to
 * the error and to the hint `id-hint`. `message` belongs below the field.
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
