import t from 'tap'
import { type AnswerName, answers } from '../sandbox/answers.ts'
import { exchange, listen } from './support/raw-http.ts'
import { seconds, startService } from './support/service.ts'

const tokenAnswers: AnswerName[] = [
  'invalid-client',
  'token-html',
  'token-without-access-token',
  'server-error',
  'reset',
]
/** Spotify never completes these responses, so the service times out on the test clock. */
const endless: AnswerName[] = ['hang', 'drip']

/** A configured API key and an unknown key. */
const key = `${'k'.repeat(20)}canary`.repeat(2)
const wrongKey = `${'w'.repeat(20)}canary`.repeat(2)
const TITLE = 'no response and no log line contains a secret, token or API key, whatever fails'

t.test(TITLE, async t => {
  const variables = { LOOKUP_TIMEOUT_MS: '60000', API_KEYS: `app:${key}` }
  const { app, get, sandbox, clock, written } = await startService(t, variables)
  const seen: string[] = []
  /** Requests the URL, advances the clock until the response arrives, then requests the status. */
  const ask = async (url: string, authorization = `Bearer ${key}`) => {
    const asked = get(url, { authorization, 'x-request-id': authorization.replace(/.* /, '') })
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
  const port = await listen(app)
  const send = (target: string) => {
    const head = [`GET ${target} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${key}`]
    return exchange(port, `${head.join('\r\n')}\r\nConnection: close\r\n\r\n`)
  }
  for (const secret of [key, wrongKey]) {
    for (const target of [
      `/nope#key=${secret}`,
      `/nope;key=${secret}`,
      `/nope&key=${secret}`,
      `/nope%3Fkey=${secret}`,
      `/nope/%253Bkey=${secret}`,
      `/users/%zz;key=${secret}/playlists`,
      `/users/${'x'.repeat(5000)};key=${secret}/playlists`,
      `/users/https:%2F%2Fu:${secret}@example.com%2Fx/playlists`,
      `/v1/nope#${secret}`,
      `/problems/nope;${secret}`,
      `/docs/static/nope;${secret}`,
      `http://u:${secret}@x.example/users/one/playlists`,
      `http://${secret}/nope`,
      `http://x.example/nope?${secret}`,
      `ftp://u:${secret}@x.example/x`,
      `ftp://${secret}/users/one/playlists`,
      `//u:${secret}@x.example/x`,
    ]) {
      seen.push(await send(target))
    }
    // The response links contain the requested user id; the log must not.
    t.match(await send(`/users/one;key=${secret}/playlists`), 'HTTP/1.1 200')
  }
  for (const answer of Object.keys(answers) as AnswerName[]) {
    const repair = sandbox.fault({ on: 'api', answer })
    await ask(`/users/${answer}/playlists`)
    repair()
    // Longer than any pause after a refusal, so the service asks Spotify again.
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
    'there is enough to search',
  )
  // The service converts user ids to lower case.
  const texts = [...seen, ...written].map(text => text.toLowerCase())
  for (const secret of [...secrets, basic]) {
    const found = texts.filter(text => text.includes(secret.toLowerCase()))
    t.same(found, [], 'the secret occurs nowhere')
  }
})
