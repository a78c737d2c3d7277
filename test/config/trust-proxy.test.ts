import Fastify from 'fastify'
import t from 'tap'
import { parseTrustProxy } from '../../src/config/trust-proxy.ts'

t.test('TRUST_PROXY=true trusts every proxy, false trusts none', async t => {
  t.equal(parseTrustProxy('true'), true)
  t.equal(parseTrustProxy('false'), false)
})

t.test('a numeric TRUST_PROXY trusts that many hops, counted from this service', async t => {
  for (const [value, trusted] of [
    ['0', []],
    ['1', [0]],
    ['2', [0, 1]],
    ['003', [0, 1, 2]],
  ] as const) {
    const trust = parseTrustProxy(value)
    if (typeof trust !== 'function') throw new Error(`${value} gave no function`)
    const hops = [0, 1, 2, 3].filter(hop => trust('203.0.113.7', hop))
    t.strictSame(hops, trusted, value)
  }
  t.type(parseTrustProxy('999'), 'function')
  t.equal(parseTrustProxy('1000'), undefined, 'more than three digits')
})

const lists: [value: string, ranges: string[]][] = [
  ['10.0.0.1', ['10.0.0.1']],
  ['10.0.0.0/1', ['10.0.0.0/1']],
  ['10.0.0.0/31', ['10.0.0.0/31']],
  ['10.0.0.0/32', ['10.0.0.0/32']],
  ['::1', ['::1']],
  ['fd00::/1', ['fd00::/1']],
  ['fd00::/127', ['fd00::/127']],
  ['fd00::/128', ['fd00::/128']],
  ['::ffff:10.0.0.1', ['::ffff:10.0.0.1']],
  ['loopback', ['loopback']],
  [' loopback , linklocal,uniquelocal ', ['loopback', 'linklocal', 'uniquelocal']],
  ['10.0.0.0/8,fd00::/8, 192.0.2.1', ['10.0.0.0/8', 'fd00::/8', '192.0.2.1']],
]

t.test('parseTrustProxy accepts addresses, ranges and the three named ranges', async t => {
  for (const [value, ranges] of lists) t.strictSame(parseTrustProxy(value), ranges, value)
})

t.test('Fastify accepts every result of parseTrustProxy', async t => {
  for (const value of ['true', 'false', '0', '2', ...lists.map(([value]) => value)]) {
    const trustProxy = parseTrustProxy(value)
    if (trustProxy === undefined) throw new Error(`${value} was refused`)
    t.doesNotThrow(() => Fastify({ trustProxy }), value)
  }
})

t.test('parseTrustProxy refuses a value with any malformed part', async t => {
  for (const value of [
    '',
    ' ',
    'TRUE',
    'yes',
    '-1',
    '1.5',
    'localhost',
    'proxy.example.org',
    'Loopback',
    'loopback/8',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '10.0.0.0/33',
    '10.0.0.0/0',
    '::/0',
    '1.2.3.4/000',
    '1.2.3.4/08',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8.5',
    '10.0.0.0/ 8',
    '10.0.0.0/a',
    '10.0.0.0/255.0.0.0',
    '10.0.0.0/8/8',
    '/8',
    'fd00::/129',
    'fd00:::1',
    ',',
    '10.0.0.1,',
    '10.0.0.1,,10.0.0.2',
    '10.0.0.1 10.0.0.2',
    '10.0.0.1,true',
    '10.0.0.1,nonsense',
    'nonsense,10.0.0.1',
  ]) {
    t.equal(parseTrustProxy(value), undefined, JSON.stringify(value))
  }
})
