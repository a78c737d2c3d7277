import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { failureOf } from '../support/failure-of.ts'

t.test('a credential with an unclosed quote in .env is a fault', async t => {
  for (const [name, other] of [
    ['SPOTIFY_CLIENT_ID', 'SPOTIFY_CLIENT_SECRET'],
    ['SPOTIFY_CLIENT_SECRET', 'SPOTIFY_CLIENT_ID'],
  ] as const) {
    for (const value of ['"canary', 'canary"', 'can"ary']) {
      const dir = t.testdir({ '.env': `${other}=abc\n${name}=${value}\n` })
      const { message } = (await failureOf(loadConfig({}, `${dir}/.env`))) as Error
      t.match(message, `${name}: invalid`, value)
      t.match(message, 'quotes')
      t.notMatch(message, 'canary')
    }
    const dir = t.testdir({ '.env': `${other}=abc\n${name}="quoted"\n` })
    t.hasStrict(await loadConfig({}, `${dir}/.env`), { [name]: 'quoted', [other]: 'abc' })
  }
})
