import { hash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { type Entries, playlist } from '../../sandbox/users.ts'
import { FORMATS } from '../../src/http/representation/formats.ts'
import { PREAMBLE } from '../../src/lib/snapshot-file.ts'
import { startTracedService } from '../support/traced-service.ts'
import { until } from '../support/until.ts'
import { ADMIN_KEY, admin, linkedServiceFor } from './linked-service.ts'

const RUNS = 20
const HOUR_MS = 3_600_000

/** The text of all snapshot entries. */
function snapshotText(path: string): string {
  const bytes = readFileSync(path).subarray(PREAMBLE.length)
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const from = at + 4
    at = from + bytes.readUInt32LE(at)
    text += gunzipSync(bytes.subarray(from, at)).toString()
  }
  return text
}

t.test('no response, log line or snapshot has the id of a non-public playlist', async t => {
  const snapshot = join(t.testdir({}), 'snapshot')
  const users = Array.from({ length: RUNS }, (_, nth) => `owner-${nth}`)
  const service = await linkedServiceFor(t, users, { CACHE_SNAPSHOT_FILE: snapshot })
  const { sandbox, clock, get, written, lines } = service
  const hidden = new Set<string>()
  const shown = new Set<string>()
  const flag = fc.constantFrom(true, false, null, undefined, 'true', 1, 'no entry')
  const lists = fc.array(flag, { minLength: 30, maxLength: 120, size: 'max' })
  const behaviour = fc.constantFrom(
    'honest',
    'leaks private ones',
    'calls all public',
    'grants more',
  )
  const waiting = users.values()
  await fc.assert(
    fc.asyncProperty(lists, behaviour, async (values, spotify) => {
      const user = String(waiting.next().value)
      const entries = values.map((value, at) =>
        value === 'no entry' ? null : { ...playlist(user, at), public: value },
      ) as Entries
      sandbox.setUser(user, entries)
      const lies = spotify === 'calls all public'
      sandbox.switches.leaksPrivate = spotify === 'leaks private ones'
      sandbox.switches.publicFlag = lies ? 'always-true' : 'honest'
      sandbox.switches.extraScope = spotify === 'grants more' ? 'playlist-read-private' : ''
      // The access token expires, so the next token has the scope.
      if (spotify === 'grants more') clock.suspend(HOUR_MS)
      const isPublic = (value: unknown) => (lies ? value !== false : value === true)
      for (const entry of entries) {
        if (entry !== null) (isPublic(entry.public) ? shown : hidden).add(entry.id)
      }
      const window = `limit=7&offset=${Math.floor(values.length / 2)}`
      const targets = [
        ...FORMATS.flatMap(format => [`format=${format}`, `format=${format}&${window}`]),
        'limit=1',
      ].map(query => `/users/${user}/playlists?${query}`)
      for (const target of [...targets, `/v1/users/${user}/playlists?limit=50`]) {
        const { statusCode, body, headers } = await get(target)
        t.equal(statusCode, spotify === 'grants more' ? 502 : 200, target)
        const text = body + JSON.stringify(headers)
        t.same(
          [...hidden].filter(id => text.includes(id)),
          [],
          target,
        )
      }
      if (spotify === 'grants more') for (const entry of entries) if (entry) shown.delete(entry.id)
    }),
    { numRuns: RUNS },
  )
  t.ok(hidden.size > 100)
  t.ok(shown.size > 0)
  await service.restart()
  const kept = snapshotText(snapshot)
  t.ok([...shown].every(id => kept.includes(id)))
  const log = written.join('')
  t.ok(lines().length > RUNS)
  t.same(
    [...hidden].filter(id => kept.includes(id) || log.includes(id)),
    [],
  )
})

t.test('no log line, span, response or links file has a link secret', async t => {
  // The lock is a socket, and sockets need short paths.
  const folder = mkdtempSync(join(tmpdir(), 'links-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'links.json')
  const secrets: Record<string, string> = { 'the key of an administrator': ADMIN_KEY }
  const variables = { LINKS_FILE: file, ADMIN_KEYS: `admin:${ADMIN_KEY}` }
  const { app, sandbox, clock, spans, written } = await startTracedService(t, {}, variables)
  Object.assign(sandbox.switches, {
    mode: 'development',
    redirectUris: ['http://127.0.0.1:3000/link/callback'],
    consent: 'approve',
    signedIn: 'with-private',
    rotation: 'on',
  })
  const responses: string[] = []
  const ask = async (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) => {
    const response = await app.inject({
      method,
      url,
      ...(payload && { payload }),
      headers: admin,
    })
    const { statusCode, headers, body } = response
    responses.push(`${JSON.stringify(headers)} ${body}`)
    return { statusCode, headers, body }
  }
  const invited = await ask('POST', '/links', { user: 'with-private' })
  const page = new URL(JSON.parse(invited.body).page).pathname
  const pressed = await ask('POST', page)
  const authorize = new URL(String(pressed.headers.location))
  const state = String(authorize.searchParams.get('state'))
  const challenge = authorize.searchParams.get('code_challenge')
  authorize.href = authorize.href.replace(
    authorize.origin + authorize.pathname,
    sandbox.authorizeUrl,
  )
  const { headers } = await fetch(authorize, { redirect: 'manual' })
  const back = new URL(String(headers.get('location')))
  secrets['the code'] = String(back.searchParams.get('code'))
  const own = await ask('GET', back.pathname + back.search)
  t.equal(own.statusCode, 303)
  // Drops the responses meant for the owner's browser.
  responses.length = 0
  t.equal((await ask('GET', '/users/with-private/playlists')).statusCode, 200)
  clock.suspend(HOUR_MS)
  t.equal((await ask('GET', '/users/with-private/playlists')).statusCode, 200)
  // The background revalidation renews the token.
  await until(() => sandbox.issuedRefreshTokens.length === 2)
  const repair = sandbox.fault({ on: 'token', answer: 'server-error' })
  await clock.advance(2 * HOUR_MS)
  const asked = sandbox.count('token')
  t.equal((await ask('GET', '/users/with-private/playlists')).statusCode, 200, 'stale')
  await until(() => sandbox.count('token') > asked)
  repair()
  const kept = readFileSync(file, 'utf8')
  for (const url of ['/links', '/status', '/metrics', back.pathname + back.search, `${page}x`]) {
    await ask('GET', url)
  }
  await ask('DELETE', '/links/with-private')
  for (const token of [...sandbox.issuedTokens, ...sandbox.issuedRefreshTokens]) {
    secrets[`the token ${token.slice(0, 4)}`] = token
  }
  secrets['the client secret'] = sandbox.clientSecret
  secrets['the invitation'] = page.slice('/link/'.length)
  secrets['the state'] = state
  secrets['the page of the owner'] = String(own.headers.location).slice('/link/'.length)
  const places = {
    log: written.join(''),
    spans: JSON.stringify(await spans()),
    responses: responses.join('\n'),
    file: kept,
  }
  for (const [place, text] of Object.entries(places)) {
    t.ok(text.length > 100, place)
    for (const [name, secret] of Object.entries(secrets)) {
      t.notOk(text.includes(secret), `${name}: ${place}`)
    }
    const words = text.match(/[\w.~-]{43,128}/g) ?? []
    t.notOk(
      words.some(word => hash('sha256', word, 'base64url') === challenge),
      `verifier: ${place}`,
    )
  }
})
