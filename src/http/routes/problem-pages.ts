import { Type } from 'typebox'
import { PROBLEMS_ROOT, problems } from '../../problems/catalog.ts'
import { Problem } from '../../problems/problem.ts'
import { prefersHtml } from '../accept.ts'
import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'
import { problemResponsesFor } from '../openapi/problem-responses.ts'
import { problemPageResponses } from '../openapi/responses.ts'
import { PAGE_FIELDS } from '../pages/layout.ts'
import {
  problemHelpMarkdown,
  problemHelpPage,
  problemIndexMarkdown,
  problemIndexPage,
} from '../pages/problem-help.ts'
import { HTML_TYPE, sendRepresentation } from '../send.ts'
import { once, staticRepresentation } from '../static-representation.ts'

/**
 * `GET /problems` and `GET /problems/:type`: what each problem means, and what callers and operators can do.
 * The `type` in a problem is the page URI (RFC 9457 3.1.1). Links on the pages begin with `basePath`.
 */
export function problemPagesRoutes(app: AppInstance, basePath: string): void {
  const root = basePath + PROBLEMS_ROOT
  const index = once(() => pageOf(problemIndexPage(basePath), problemIndexMarkdown(basePath)))
  const pages = new Map(
    Object.entries(problems).map(([type, kind]) => [
      type,
      once(() => pageOf(problemHelpPage(type, kind, basePath), problemHelpMarkdown(type, kind))),
    ]),
  )

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
      sendRepresentation(reply, prefersHtml(headers.accept) ? index().html : index().markdown, [])
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
      const page = pages.get(params.type)?.()
      if (page === undefined) {
        throw new Problem('not-found', `There is no such problem; ${root} lists all problems.`)
      }
      sendRepresentation(reply, prefersHtml(headers.accept) ? page.html : page.markdown, [])
    },
  )
  allowOnlyReading(app, path)
}

/** Returns a page's representations, for browsers and for terminals. */
function pageOf(html: string, markdown: string) {
  return {
    html: staticRepresentation(html, {
      contentType: HTML_TYPE,
      vary: 'Accept',
      fields: PAGE_FIELDS,
    }),
    markdown: staticRepresentation(markdown, {
      contentType: 'text/markdown; charset=utf-8',
      vary: 'Accept',
    }),
  }
}
