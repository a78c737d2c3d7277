import { Type } from 'typebox'
import type { Representation } from '../../playlists/representation.ts'
import { PROBLEMS_ROOT, type ProblemKind, problems } from '../../problems/catalog.ts'
import { Problem } from '../../problems/problem.ts'
import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'
import { problemResponsesFor } from '../openapi/problem-responses.ts'
import { problemPageResponses } from '../openapi/responses.ts'
import { prefersHtml } from '../representation/negotiation.ts'
import { sendRepresentation } from '../send.ts'
import { staticRepresentation } from '../static-representation.ts'
import { type Link, type Paragraph, pageAsHtml, pageAsMarkdown } from './page-template.ts'

/** One page for browsers and for terminals. */
interface Page {
  html: Representation
  markdown: Representation
}

/**
 * `GET /problems` and `GET /problems/:type`: what each problem means, and what callers and operators
 * can do. The `type` of each problem is the URI of its page (RFC 9457 3.1.1). Links on the pages begin
 * with `basePath`.
 */
export function problemPagesRoutes(app: AppInstance, basePath: string): void {
  const root = basePath + PROBLEMS_ROOT
  const footerLinks: readonly Link[] = [
    { text: 'All problems', href: root },
    { text: 'API reference', href: `${basePath}/docs/` },
  ]
  const pages = new Map(
    Object.entries(problems).map(([type, kind]) => [
      type,
      pageOf(`${kind.title} (${type})`, aboutProblem(kind), footerLinks),
    ]),
  )
  const index = pageOf('Problems', indexOfProblems(root), footerLinks)

  app.get(
    PROBLEMS_ROOT,
    {
      schema: {
        operationId: 'listProblems',
        tags: ['Help'],
        summary: 'All kinds of problems',
        response: { ...problemPageResponses, ...problemResponsesFor(['caller-rate-limited']) },
      },
    },
    ({ headers }, reply) => {
      sendRepresentation(reply, prefersHtml(headers.accept) ? index.html : index.markdown, [])
    },
  )
  allowOnlyReading(app, PROBLEMS_ROOT)

  const path = `${PROBLEMS_ROOT}/:type`
  app.get(
    path,
    {
      schema: {
        operationId: 'getProblem',
        tags: ['Help'],
        summary: 'What one kind of problem means, and what the caller and the operator can do',
        params: Type.Object({
          type: Type.String({
            description: "The last segment of the problem's `type`.",
            examples: ['spotify-rate-limited'],
          }),
        }),
        response: {
          ...problemPageResponses,
          ...problemResponsesFor(['caller-rate-limited', 'not-found']),
        },
      },
    },
    ({ headers, params }, reply) => {
      const page = pages.get(params.type)
      if (page === undefined) {
        throw new Problem('not-found', `There is no such problem; ${root} lists all problems.`)
      }
      sendRepresentation(reply, prefersHtml(headers.accept) ? page.html : page.markdown, [])
    },
  )
  allowOnlyReading(app, path)
}

function aboutProblem({ status, meaning, caller, operator }: ProblemKind): Paragraph[] {
  return [
    { text: `Status ${status}.` },
    { heading: 'What it means', text: meaning },
    { heading: 'What the caller can do', text: caller },
    { heading: 'What the operator can do', text: operator },
  ]
}

function indexOfProblems(root: string): Paragraph[] {
  return Object.entries(problems).map(([type, { status, title }]) => ({
    text: `${status}: ${title}`,
    link: { text: type, href: `${root}/${type}` },
  }))
}

/** A page may load only its own style and its empty icon. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

function pageOf(
  title: string,
  paragraphs: readonly Paragraph[],
  footerLinks: readonly Link[],
): Page {
  const fixed = (text: string, type: string) =>
    staticRepresentation(text, {
      contentType: `${type}; charset=utf-8`,
      vary: 'Accept',
      policy: PAGE_POLICY,
    })
  return {
    html: fixed(pageAsHtml(title, paragraphs, footerLinks), 'text/html'),
    markdown: fixed(pageAsMarkdown(title, paragraphs), 'text/markdown'),
  }
}
