import { existsSync } from 'node:fs'
import t from 'tap'
import { mixedRequest } from '../../bench/mixed-requests.ts'
import { residentOf } from '../../bench/resident.ts'
import { seeded } from '../../bench/seeded.ts'

const REQUESTS = 5000
const mix = (seed: number) => {
  const random = seeded(seed)
  return Array.from({ length: REQUESTS }, () => mixedRequest(random))
}
const userOf = (path: string) => Number(/list\d+-(\d+)/.exec(path)?.[1])

t.test('the mix has every format, windows, pages below /v1 and both codings', async t => {
  const requests = mix(1)
  for (const part of [
    ...['json', 'text', 'csv', 'excel', 'ndjson', 'html'].map(format => `format=${format}`),
    '/v1/users/',
    '&limit=',
  ]) {
    const found = requests.filter(({ path }) => path.includes(part))
    t.ok(found.length > REQUESTS / 50, part)
  }
  const codings = requests.map(({ headers }) => headers['accept-encoding'])
  t.same([...new Set(codings)].sort(), ['gzip', 'identity'])
})

t.test('seven in ten requests are for sixty users, and the rest for many others', async t => {
  const users = mix(2).map(({ path }) => userOf(path))
  const busy = users.filter(user => user < 60)
  t.equal(new Set(busy).size, 60)
  t.ok(Math.abs(busy.length / REQUESTS - 0.7) < 0.05)
  t.ok(new Set(users).size > REQUESTS / 5)
})

t.test('the same seed gives the same requests', async t => {
  t.equal(JSON.stringify(mix(3)), JSON.stringify(mix(3)))
  t.not(JSON.stringify(mix(3)), JSON.stringify(mix(4)))
})

const withoutProc = !existsSync('/proc/self/status') && 'needs /proc'
t.test(
  'peak resident memory is at least current resident memory',
  { skip: withoutProc },
  async t => {
    const { nowBytes, peakBytes } = residentOf(process.pid)
    t.ok(nowBytes > 1e6)
    t.ok(peakBytes >= nowBytes)
    t.throws(() => residentOf(2 ** 30), { code: 'ENOENT' })
  },
)
