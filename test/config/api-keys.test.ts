import t from 'tap'
import { digestOf, parseApiKeys } from '../../src/config/api-keys.ts'
import { ConfigError, loadConfig } from '../../src/config/load.ts'
import { failureOf } from '../support/failure-of.ts'

const key = (letter: string, length = 32) => letter.repeat(length)

t.test('parseApiKeys returns names and digests', async t => {
  t.strictSame(parseApiKeys(` app:${key('a')} ,web-2.x_Y:${key('b', 30)}==`), {
    keys: [
      { name: 'app', digest: digestOf(key('a')) },
      { name: 'web-2.x_Y', digest: digestOf(`${key('b', 30)}==`) },
    ],
    faults: [],
  })
  t.strictSame(parseApiKeys(undefined), { keys: [], faults: [] })
})

t.test('a name or key outside its limits in API_KEYS is a fault', async t => {
  for (const [entry, fault] of [
    [`${key('n', 64)}:${key('k')}`, undefined],
    [`${key('n', 65)}:${key('k')}`, /the name must have/],
    [`app:${key('k', 31)}`, /32 to 512 characters/],
    [`app:${key('k', 32)}`, undefined],
    [`app:${key('k', 512)}`, undefined],
    [`app:${key('k', 513)}`, /32 to 512 characters/],
    [`app:-._~+/${key('k')}=`, undefined],
    [`app:=${key('k')}`, /not a valid bearer token/],
    [`app:${key('k')}:${key('k')}`, /not a valid bearer token/],
    [`app:${key('k')} ${key('k')}`, /not a valid bearer token/],
    [`app:${key('ü')}`, /not a valid bearer token/],
    [`my app:${key('k')}`, /the name must have/],
    [`anonymous:${key('k')}`, /reserved for callers without/],
    [`:${key('k')}`, /not of the form/],
    ['app:', /not of the form/],
    [key('k'), /not of the form/],
    ['', /not of the form/],
  ] as const) {
    const { faults } = parseApiKeys(entry)
    if (fault === undefined) t.strictSame(faults, [], entry)
    else t.match(faults, [fault], entry)
  }
})

t.test('a repeated name or key in API_KEYS is a fault', async t => {
  t.match(parseApiKeys(`a:${key('a')},a:${key('b')}`).faults, [/^entry 2: .* same name/])
  t.match(parseApiKeys(`a:${key('a')},b:${key('a')}`).faults, [/^entry 2: .* same key/])
})

t.test('an API_KEYS fault contains the position of the invalid entry, never the text', async t => {
  const environment = {
    SPOTIFY_CLIENT_ID: 'x',
    SPOTIFY_CLIENT_SECRET: 'x',
    API_KEYS: `canary,ok:${key('k')},canary:canary,,canary canary:${key('c')}`,
  }
  const error = await failureOf(loadConfig(environment, '/nonexistent/.env'))
  if (!(error instanceof ConfigError)) throw error
  t.match(error.faults, [
    /^API_KEYS: entry 1: /,
    /^API_KEYS: entry 3: /,
    /^API_KEYS: entry 4: /,
    /^API_KEYS: entry 5: /,
  ])
  t.equal(error.faults.length, 4)
  t.notMatch(error.message, /canary|kkk|ccc/)
})
