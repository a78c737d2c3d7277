import type { Problem, ProblemBody, ProblemType } from '../../problems/problem.ts'
import { reasonOf } from '../../user-id/refuse-id.ts'
import { adviceOn } from './advice.ts'
import { type Html, html } from './html.ts'
import { minuteAfter, secondAfter } from './instant.ts'
import { page } from './layout.ts'
import { userForm } from './user-form.ts'

export interface ProblemPageOptions {
  problem: Problem
  /** The problem as programs get it, in JSON. */
  body: ProblemBody
  /** When a retry might succeed (epoch ms), and the seconds until then; undefined if unknown. */
  retry: { at: number; seconds: number } | undefined
  basePath: string
  /** Whether the reader is an account owner linking the account. */
  isForOwner?: boolean
}

/** Problems after which a reader might want to look for a user. */
const WITH_FORM: readonly ProblemType[] = ['invalid-user-id', 'user-not-found', 'not-found']

/** A problem as a page for the person in front of a browser. */
export function problemPage(options: ProblemPageOptions): string {
  const { problem, body, retry, basePath, isForOwner = false } = options
  const { type } = problem
  // `{…}` stands for a part only the reader knows.
  const meantPaths = problem.meantPaths.filter(path => !path.includes('{'))
  const { title, status, detail, instance, request_id: requestId } = body
  const { happened, todo } = adviceOn(type, isForOwner)
  return page(
    { title, basePath },
    html`<h1>${title}</h1>
<p class="lead">${happened ?? shortDetail(type, detail)}</p>
<h2>What you can do</h2>
<p>${todo}</p>
${meantPaths.map(meantOf)}${retry && retryOf(retry, isForOwner)}${WITH_FORM.includes(type) && userForm({ basePath })}<h2>Details for the operator</h2>
<dl>
<dt>Request id</dt><dd><code>${requestId}</code></dd>
<dt>Status</dt><dd>${status}</dd>
<dt>Problem</dt><dd><a href="${body.type}"><code>${type}</code></a></dd>
<dt>Path</dt><dd><code>${instance}</code></dd>
<dt>Detail</dt><dd>${detail}</dd>
</dl>
`,
  )
}

/** The detail without the advice on finding a user id, because the form on the page gives that. */
function shortDetail(type: ProblemType, detail: string): string {
  return type === 'invalid-user-id' ? reasonOf(detail) : detail
}

function meantOf(path: string): Html {
  return html`<p>You probably mean <a href="${path}">${path}</a>.</p>
`
}

/**
 * When to try again. An owner gets no link, because the address Spotify sends the browser back to works only
 * once.
 */
function retryOf({ at, seconds }: { at: number; seconds: number }, isForOwner: boolean): Html {
  const time = seconds < 2 * MINUTE_SECONDS ? secondAfter(at) : minuteAfter(at)
  const lead = isForOwner ? html`Try again` : html`<a href="">Try again</a>`
  return html`<p>${lead} in ${duration(seconds)} (${time}).</p>
`
}

const MINUTE_SECONDS = 60

const UNITS = [
  ['hour', 3600],
  ['minute', MINUTE_SECONDS],
  ['second', 1],
] as const

/** A duration in the largest unit, rounded up: "90 seconds", "2 minutes", "3 hours". */
export function duration(seconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => seconds >= 2 * size) ?? ['second', 1]
  const count = Math.ceil(seconds / size)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
