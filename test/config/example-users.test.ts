import t from 'tap'
import { parseExampleUsers } from '../../src/config/example-users.ts'

t.test('parseExampleUsers returns canonical user ids', async t => {
  t.same(parseExampleUsers(undefined), [])
  t.same(parseExampleUsers('Smedjan'), ['smedjan'])
  t.same(parseExampleUsers(' smedjan, spotify_españa,\t#mimble! '), [
    'smedjan',
    'spotify_españa',
    '#mimble!',
  ])
  t.equal(parseExampleUsers(Array(20).fill('x'.repeat(256)).join())?.length, 20)
})

t.test('parseExampleUsers refuses values other than user ids', async t => {
  for (const value of [
    '',
    ',',
    'smedjan,',
    'two words',
    'spotify:user:smedjan',
    'https://open.spotify.com/user/smedjan',
    'a/b',
    '.',
    'smedjan, ..',
    'x\u0000',
    'x\u202e',
    'x'.repeat(257),
    Array(21).fill('x').join(),
  ]) {
    t.equal(parseExampleUsers(value), undefined, value)
  }
})
