export interface Link {
  readonly text: string
  readonly href: string
}

/** A paragraph of a page. Backticks in its text mark code. */
export interface Paragraph {
  readonly heading?: string
  readonly text: string
  readonly link?: Link
}

const STYLE = `
:root { color-scheme: light dark; }
body { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.6 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.1rem; margin-top: 2rem; }
code { font-size: 0.95em; overflow-wrap: anywhere; }`

/** The page as Markdown, for a terminal. */
export function pageAsMarkdown(title: string, paragraphs: readonly Paragraph[]): string {
  const blocks = paragraphs.map(({ heading, text, link }) => {
    const body = link === undefined ? text : `[${link.text}](${link.href}): ${text}`
    return heading === undefined ? body : `## ${heading}\n\n${body}`
  })
  return `${[`# ${title}`, ...blocks].join('\n\n')}\n`
}

/**
 * The page as HTML, for a browser: in light or dark mode, without scripts and external resources.
 * `footerLinks` are at its end.
 */
export function pageAsHtml(
  title: string,
  paragraphs: readonly Paragraph[],
  footerLinks: readonly Link[],
): string {
  const blocks = paragraphs.map(({ heading, text, link }) => {
    const head = heading === undefined ? '' : `<h2>${escaped(heading)}</h2>\n`
    const lead = link === undefined ? '' : `${anchor(link)}: `
    return `${head}<p>${lead}${withCode(text)}</p>`
  })
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}
</style>
<main>
<h1>${escaped(title)}</h1>
${blocks.join('\n')}
</main>
<nav><p>${footerLinks.map(anchor).join(' · ')}</p></nav>
</html>
`
}

function anchor({ text, href }: Link): string {
  return `<a href="${escaped(href)}">${escaped(text)}</a>`
}

function withCode(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>')
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
