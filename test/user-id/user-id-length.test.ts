import t from 'tap'
import { parseUserId } from '../../src/user-id/user-id.ts'

const tooLong = { type: 'invalid-user-id', message: /at most 256 bytes/ }

t.test('an overlong text is refused for its length, whatever it contains', async t => {
  t.throws(() => parseUserId(`a${' '.repeat(4000)}a`), tooLong)
  t.throws(() => parseUserId(`spotify:track:${'a'.repeat(4000)}`), tooLong)
  t.throws(() => parseUserId(`${' '.repeat(4000)}bob`), tooLong)
})

t.test('parseUserId accepts links with up to 2048 characters', async t => {
  const link = (length: number) => 'open.spotify.com/user/bob?si='.padEnd(length, 'x')
  t.equal(parseUserId(link(2047)), 'bob')
  t.equal(parseUserId(link(2048)), 'bob')
  t.throws(() => parseUserId(link(2049)), tooLong)
})

t.test('blanks around an id do not count towards the length', async t => {
  t.equal(parseUserId(`${' '.repeat(900)}bob${' '.repeat(900)}`), 'bob')
  t.equal(parseUserId('  a  b  '), 'a  b')
  t.throws(() => parseUserId(' '.repeat(900)), { message: /is empty/ })
  t.throws(() => parseUserId(`a${' '.repeat(900)}a`), tooLong)
})
