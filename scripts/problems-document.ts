import { PROBLEMS_ROOT, problems } from '../src/problems/catalog.ts'

const INTRODUCTION = `# Problems

An error response is \`application/problem+json\` (RFC 9457). It has a stable \`type\`, a \`detail\` that
says what to do, a \`request_id\` that is also in the log, and the field \`Retry-After\` if waiting helps.

\`type\` is \`${PROBLEMS_ROOT}/\` and a name from this table, such as \`${PROBLEMS_ROOT}/not-found\`; if \`PUBLIC_URL\` has a
path, \`type\` begins with that path. At each \`type\` the service has a page, which also says what the operator
can do; \`curl localhost:3000${PROBLEMS_ROOT}\` lists all types.
Below \`/v1\`, problems have the shape of Spotify's errors.

\`npm run generate\` makes this page from \`src/problems/catalog.ts\` and \`src/problems/caller-problems.ts\`.

| type | status | when it happens | what the caller can do |
|---|---|---|---|`

/** Generates docs/problems.md: all problems, by status. */
export function problemsDocument(): string {
  const rows = Object.entries(problems)
    .sort(([, one], [, other]) => one.status - other.status)
    .map(
      ([type, { status, meaning, caller }]) =>
        `| \`${type}\` | ${status} | ${meaning} | ${caller} |`,
    )
  return `${[INTRODUCTION, ...rows].join('\n')}\n`
}
