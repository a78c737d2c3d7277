import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { ConfigError, loadConfig } from '../../src/config/load.ts'
import { redirectUriOf } from '../../src/config/redirect-uri.ts'
import { failureOf } from '../support/failure-of.ts'

const NO_DOTENV = '/nonexistent/.env'
const KEY = 'k'.repeat(32)
const required = { SPOTIFY_CLIENT_ID: 'client-id', SPOTIFY_CLIENT_SECRET: 'client-secret' }
const links = { LINKS_FILE: '/data/links.json', ADMIN_KEYS: `admin:${KEY}` }

type Variables = Record<string, string | undefined>

const load = (variables: Variables) => loadConfig({ ...required, ...variables }, NO_DOTENV)

async function faultsOf(variables: Variables): Promise<readonly string[]> {
  const error = await failureOf(load(variables))
  if (error instanceof ConfigError) return error.faults
  throw error
}

t.test('LINKS_FILE and ADMIN_KEYS turn linked accounts on', async t => {
  const config = await load(links)
  t.match(config, { ...links, SPOTIFY_AUTHORIZE_URL: 'https://accounts.spotify.com/authorize' })
  t.equal(redirectUriOf(config), 'http://127.0.0.1:3000/link/callback')
})

t.test('ADMIN_KEYS and LINKS_PREVIOUS_CLIENT_SECRET can be in files', async t => {
  const dir = mkdtempSync('/tmp/link-checks-')
  t.teardown(() => rmSync(dir, { recursive: true }))
  writeFileSync(`${dir}/keys`, `admin:${KEY}\n`)
  writeFileSync(`${dir}/secret`, 'old-secret\n')
  const config = await load({
    LINKS_FILE: links.LINKS_FILE,
    ADMIN_KEYS_FILE: `${dir}/keys`,
    LINKS_PREVIOUS_CLIENT_SECRET_FILE: `${dir}/secret`,
  })
  t.match(config, { ADMIN_KEYS: `admin:${KEY}`, LINKS_PREVIOUS_CLIENT_SECRET: 'old-secret' })
})

t.test('an unreadable ADMIN_KEYS_FILE is one fault, not two', async t => {
  const missing = { LINKS_FILE: '/data/links.json', ADMIN_KEYS_FILE: '/nonexistent/keys' }
  const fault = 'ADMIN_KEYS_FILE: the file cannot be read (ENOENT)'
  t.same(await faultsOf(missing), [fault])
  t.match(await faultsOf({ ...missing, PORT: 'x' }), [fault, /^PORT: invalid/])
})

t.test('without LINKS_FILE, every other variable for linked accounts is a fault', async t => {
  const useless = {
    ADMIN_KEYS: `admin:${KEY}`,
    LINKS_REDIRECT_URI: 'https://lists.example/link/callback',
    LINKS_PRIVACY_URL: 'https://lists.example/privacy',
    LINKS_PREVIOUS_CLIENT_SECRET: 'old-secret',
  }
  t.same(
    await faultsOf(useless),
    Object.keys(useless).map(name => `${name}: set, but linked accounts need LINKS_FILE, too`),
  )
})

t.test('LINKS_FILE needs ADMIN_KEYS', async t => {
  t.same(await faultsOf({ LINKS_FILE: links.LINKS_FILE }), [
    'ADMIN_KEYS: missing; LINKS_FILE needs it, so that not everybody can invite and unlink',
  ])
})

t.test('linked accounts and a shared cache are mutually exclusive', async t => {
  t.same(await faultsOf({ ...links, SHARED_CACHE_URL: 'redis://cache:6379' }), [
    'LINKS_FILE: not together with SHARED_CACHE_URL; linked accounts work with one instance only',
  ])
})

t.test(
  'LINKS_FILE and CACHE_SNAPSHOT_FILE cannot name the same file or its temporary file',
  async t => {
    const fault =
      'LINKS_FILE: the same file as CACHE_SNAPSHOT_FILE, or one that the service makes beside it (.tmp, .lock); choose another one'
    for (const [linksFile, snapshot] of [
      ['/nonexistent/a', '/nonexistent/a'],
      ['/nonexistent/a', '/nonexistent/./x/../a'],
      ['/nonexistent/a', '/nonexistent/a.tmp'],
      ['/nonexistent/a.tmp', '/nonexistent/x/../a'],
      ['/nonexistent/a', '/nonexistent/a.lock'],
      ['/nonexistent/a', '/nonexistent/a.lock-012abc'],
    ]) {
      const variables = { ...links, LINKS_FILE: linksFile, CACHE_SNAPSHOT_FILE: snapshot }
      t.same(await faultsOf(variables), [fault], `${linksFile} ${snapshot}`)
    }
    for (const snapshot of ['/nonexistent/cache', '/nonexistent/a.tmp.tmp', '/nonexistent/b/a']) {
      const variables = { ...links, LINKS_FILE: '/nonexistent/a', CACHE_SNAPSHOT_FILE: snapshot }
      await t.resolves(load(variables), snapshot)
    }
  },
)

t.test('an admin key has the same form as an API key, and must not be in API_KEYS', async t => {
  t.same(await faultsOf({ ...links, ADMIN_KEYS: 'admin:short' }), [
    'ADMIN_KEYS: entry 1: the key must have 32 to 512 characters; create one with "openssl rand -hex 32"',
  ])
  const twice =
    'ADMIN_KEYS: a name or a key is also in API_KEYS; remove it there, since admin keys are API keys'
  const other = 'o'.repeat(32)
  t.same(await faultsOf({ ...links, API_KEYS: `admin:${other}` }), [twice])
  t.same(await faultsOf({ ...links, API_KEYS: `other:${KEY}` }), [twice])
  await t.resolves(load({ ...links, API_KEYS: `other:${other}` }))
})

t.test('the redirect URI must be acceptable to Spotify', async t => {
  const refused = [
    [{ LINKS_REDIRECT_URI: 'nothing' }, 'not a URL'],
    [
      { LINKS_REDIRECT_URI: 'http://localhost:3000/link/callback' },
      'Spotify refuses localhost; use 127.0.0.1 or [::1]',
    ],
    [
      { PUBLIC_URL: 'http://lists.example' },
      'missing, and the one below PUBLIC_URL fails: Spotify accepts http only for 127.0.0.1 and [::1]; use https',
    ],
    [{ PORT: '0' }, 'missing; with PORT=0 the service cannot know its own address'],
  ] as const
  for (const [variables, fault] of refused) {
    t.same(await faultsOf({ ...links, ...variables }), [`LINKS_REDIRECT_URI: ${fault}`])
  }
  const uri = 'https://lists.example/link/callback'
  t.equal(redirectUriOf(await load({ ...links, LINKS_REDIRECT_URI: uri, PORT: '0' })), uri)
  t.equal(redirectUriOf(await load({ ...links, PUBLIC_URL: 'https://lists.example/' })), uri)
})

t.test('the privacy policy and the consent page have http(s) URLs', async t => {
  const policy = 'https://lists.example/privacy?lang=en#spotify'
  t.match(await load({ ...links, LINKS_PRIVACY_URL: policy }), { LINKS_PRIVACY_URL: policy })
  for (const name of ['LINKS_PRIVACY_URL', 'SPOTIFY_AUTHORIZE_URL']) {
    for (const url of ['javascript:alert(1)', 'https://a b/', 'http://[x]/']) {
      t.match(await faultsOf({ ...links, [name]: url }), [new RegExp(`^${name}: invalid`)], url)
    }
  }
})
