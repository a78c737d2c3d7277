import t from 'tap'
import { type AnswerName, answers } from '../sandbox/answers.ts'
import { seconds, startService } from './support/service.ts'

const tokenAnswers: AnswerName[] = [
  'invalid-client',
  'token-html',
  'token-without-access-token',
  'server-error',
  'reset',
]
/** Those that never end would only wait for the clock. */
const endless: AnswerName[] = ['hang', 'drip']

t.test('the secret and the tokens appear in no answer and no log line, whatever fails', async t => {
  const variables = { LOOKUP_TIMEOUT_MS: '60000' }
  const { app, get, sandbox, clock, written } = await startService(t, variables)
  const seen: string[] = []
  const ask = async (url: string) => {
    const response = await clock.runUntil(get(url))
    seen.push(JSON.stringify(response.headers), response.body)
  }
  await ask('/users/one/playlists')
  await ask('/users/one/playlists?format=text')
  for (const answer of Object.keys(answers) as AnswerName[]) {
    if (endless.includes(answer)) continue
    const repair = sandbox.fault({ on: 'api', answer })
    await ask(`/users/${answer}/playlists`)
    repair()
    // Past every refusal, so that the next answer is met, too.
    await clock.advance(seconds(86_400))
  }
  for (const answer of tokenAnswers) {
    const repair = sandbox.fault({ on: 'token', answer })
    sandbox.revokeTokens()
    await ask(`/users/token-${answer}/playlists`)
    await ask('/health/ready')
    repair()
    await clock.advance(seconds(60))
  }
  await app.close()

  const secrets = [sandbox.clientSecret, ...sandbox.issuedTokens]
  const basic = Buffer.from(`${sandbox.clientId}:${sandbox.clientSecret}`).toString('base64')
  t.ok(
    sandbox.issuedTokens.length > 5 && seen.length > 40 && written.length > 30,
    'there is a lot to search',
  )
  for (const secret of [...secrets, basic]) {
    t.notOk(
      [...seen, ...written].some(text => text.includes(secret)),
      'not one of them',
    )
  }
})
