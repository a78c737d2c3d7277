import { PROBLEMS_ROOT, type ProblemKind, problems } from '../../problems/catalog.ts'
import { html } from './html.ts'
import { page, withCode } from './layout.ts'

/** The page about a problem type, for developers and operators. */
export function problemHelpPage(type: string, kind: ProblemKind, basePath: string): string {
  const { status, title, meaning, caller, operator } = kind
  return page(
    { title, basePath },
    html`<h1>${title}</h1>
<p class="muted">Status ${status}, type <code>${type}</code>. <a href="${basePath}${PROBLEMS_ROOT}">All problems</a></p>
<h2>What it means</h2>
<p>${withCode(meaning)}</p>
<h2>What the caller can do</h2>
<p>${withCode(caller)}</p>
<h2>What the operator can do</h2>
<p>${withCode(operator)}</p>
`,
  )
}

/** The page listing all problem types. */
export function problemIndexPage(basePath: string): string {
  const rows = Object.entries(problems).map(
    ([
      type,
      { status, title },
    ]) => html`<tr><td>${status}</td><td><a href="${basePath}${PROBLEMS_ROOT}/${type}">${title}</a></td><td><code>${type}</code></td></tr>
`,
  )
  return page(
    { title: 'Problems', basePath },
    html`<h1>Problems</h1>
<p>Every error that this service returns. The <code>type</code> of an error is the address of its page.</p>
<table>
<thead><tr><th scope="col">Status</th><th scope="col">Problem</th><th scope="col">Type</th></tr></thead>
<tbody>
${rows}</tbody>
</table>
`,
  )
}

/** The page about a problem type as Markdown, for a terminal. */
export function problemHelpMarkdown(type: string, kind: ProblemKind): string {
  const { status, title, meaning, caller, operator } = kind
  return `# ${title} (${type})

Status ${status}.

## What it means

${meaning}

## What the caller can do

${caller}

## What the operator can do

${operator}
`
}

/** The list of all problem types as Markdown, for a terminal. */
export function problemIndexMarkdown(basePath: string): string {
  const lines = Object.entries(problems).map(
    ([type, { status, title }]) =>
      `[${type}](${basePath}${PROBLEMS_ROOT}/${type}): ${status}: ${title}`,
  )
  return `${['# Problems', ...lines].join('\n\n')}\n`
}
