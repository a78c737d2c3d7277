import { PROBLEMS_ROOT, problems } from '../src/problems/catalog.ts'

const INTRODUCTION = `# Problems

An error response is \`application/problem+json\` (RFC 9457): a stable \`type\`, a \`detail\`
that says what to do, a \`request_id\` that is also in the log, and \`Retry-After\` where waiting helps.

\`type\` is \`${PROBLEMS_ROOT}/\` and a name below, after the path of \`PUBLIC_URL\` if it has one. It is a page of
the service, which also says what the operator can do; \`curl localhost:3000${PROBLEMS_ROOT}\` lists them all.
Below \`/v1\`, problems have the shape of Spotify's errors.

This page is generated from \`src/problems/catalog.ts\` by \`npm run generate\`.

| type | status | when it happens | what the caller can do |
|---|---|---|---|`

/** The text of docs/problems.md: all problems, by status. */
export function problemsDocument(): string {
  const rows = Object.entries(problems)
    .sort(([, one], [, other]) => one.status - other.status)
    .map(
      ([type, { status, meaning, caller }]) =>
        `| \`${type}\` | ${status} | ${meaning} | ${caller} |`,
    )
  return `${[INTRODUCTION, ...rows].join('\n')}\n`
}
