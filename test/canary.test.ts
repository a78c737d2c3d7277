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
/** Those that never end wait for the clock. */
const endless: AnswerName[] = ['hang', 'drip']

/** One as it is configured, the other as somebody might guess. */
const key = `${'k'.repeat(20)}canary`.repeat(2)
const wrongKey = `${'w'.repeat(20)}canary`.repeat(2)
const TITLE = 'neither secret nor token nor API key is in any answer or log line, whatever fails'

t.test(TITLE, async t => {
  const variables = { LOOKUP_TIMEOUT_MS: '60000', API_KEYS: `app:${key}` }
  const { app, get, sandbox, clock, written } = await startService(t, variables)
  const seen: string[] = []
  /** Asks, lets time pass when nothing comes, and looks at the status, too. */
  const ask = async (url: string, authorization = `Bearer ${key}`) => {
    const asked = get(url, { authorization })
    let isAnswered = false
    asked.finally(() => {
      isAnswered = true
    })
    while (!isAnswered) {
      await clock.advance(seconds(endless.some(name => url.includes(name)) ? 1 : 0))
    }
    for (const response of [await asked, await get('/status', { authorization })]) {
      seen.push(JSON.stringify(response.headers), response.body)
    }
  }
  await ask('/users/one/playlists')
  await ask('/users/one/playlists?format=text')
  await ask('/users/one/playlists?limit=0')
  await ask('/metrics')
  await ask('/users/one/playlists', `Bearer ${wrongKey}`)
  await ask('/v1/users/one/playlists', `Basic ${wrongKey}`)
  for (const name of ['api_key', 'access_token', 'token', 'limit=1&key', 'limit=0?key']) {
    await ask(`/users/one/playlists?${name}=${wrongKey}&offset=x`)
    await ask(`/nowhere?${name}=${key}`, `Bearer ${wrongKey}`)
  }
  await ask(`/users/one/playlists?${key}`, `Bearer ${wrongKey}`)
  for (const answer of Object.keys(answers) as AnswerName[]) {
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

  const secrets = [sandbox.clientSecret, ...sandbox.issuedTokens, key, wrongKey]
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
