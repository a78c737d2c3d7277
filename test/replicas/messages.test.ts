import t from 'tap'
import {
  decodeMessage,
  decodePause,
  encodePause,
  type StoredPause,
} from '../../src/replicas/messages.ts'

const pause: StoredPause = {
  from: 'one',
  id: 'first',
  pauses: 2,
  cause: { type: 'spotify-access-denied', diagnosis: 'premium-required' },
}

t.test('a pause survives encoding and decoding', async t => {
  t.match(decodePause(encodePause(pause)), pause)
  const outage: StoredPause = { ...pause, cause: { type: 'spotify-unavailable' } }
  t.match(decodePause(encodePause(outage)), outage)
})

t.test('a malformed pause is ignored', async t => {
  const good = JSON.parse(encodePause(pause))
  for (const value of [
    { ...good, version: 1 },
    { ...good, from: undefined },
    { ...good, id: 7 },
    { ...good, pauses: -1 },
    { ...good, pauses: 1e300 },
    { ...good, cause: { type: 'internal-error' } },
    { ...good, cause: { type: 'spotify-unavailable', diagnosis: 7 } },
    { version: 1, from: '', until: 4e12, pauses: 0, problem: { type: 'spotify-unavailable' } },
    null,
    [],
    'x',
  ]) {
    t.equal(decodePause(JSON.stringify(value)), undefined)
  }
  t.equal(decodePause('{'), undefined)
})

t.test('a text longer than any pause is not parsed', async t => {
  t.equal(decodePause(`${encodePause(pause)}${' '.repeat(8192)}`), undefined)
})

t.test('a malformed message is ignored', async t => {
  for (const text of ['', '{}', '[]', '{"version":1}']) t.equal(decodeMessage(text), undefined)
})
