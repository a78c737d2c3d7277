import t from 'tap'
import { Problem } from '../../src/problems.ts'
import { decodePause, encodePause } from '../../src/shared/told-pause.ts'
import { accessDenied, diagnosisOf, tooManyRequests } from '../../src/spotify/diagnosis.ts'

const NOW = 1_000_000
const until = NOW + 5000

t.test('a pause arrives as it was told, with its diagnosis', async t => {
  for (const cause of [
    tooManyRequests('QUOTA_EXCEEDED', until),
    accessDenied(403, '"Forbidden"'),
    new Problem('spotify-unavailable', 'down', { originStatus: 503 }),
    new Problem('spotify-unavailable', 'other: down'),
  ]) {
    const told = decodePause(encodePause({ cause, until, pauses: 2 }, 'me'), NOW)
    const { type, message, retryAt, originStatus } = cause
    t.match(told, { from: 'me', until, pauses: 2, cause: { type, message, retryAt, originStatus } })
    t.same(told && diagnosisOf(told.cause), diagnosisOf(cause))
  }
})

t.test('a pause of more than a day counts as a day', async t => {
  const cause = new Problem('spotify-unavailable', 'down')
  const told = decodePause(encodePause({ cause, until: NOW * 1e6, pauses: 0 }, 'me'), NOW)
  t.equal(told?.until, NOW + 86_400_000)
})

t.test('what is not of this form is nothing', async t => {
  const cause = new Problem('spotify-unavailable', 'down')
  const good = JSON.parse(encodePause({ cause, until, pauses: 0 }, 'me'))
  const problem = (change: object) => ({ ...good, problem: { ...good.problem, ...change } })
  for (const value of [
    { ...good, version: 2 },
    { ...good, until: 'soon' },
    { ...good, pauses: -1 },
    problem({ type: 'spotify-credentials-rejected' }),
    problem({ detail: 'x'.repeat(1001) }),
    problem({ originStatus: 7 }),
    null,
  ]) {
    t.equal(decodePause(JSON.stringify(value), NOW), undefined)
  }
  t.equal(decodePause('{', NOW), undefined)
})
