import t from 'tap'
import { addressBlock } from '../../src/http/request-context.ts'

t.test('an IPv4 address is one caller in every notation', async t => {
  for (const [address, block] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
  ] as const) {
    t.equal(addressBlock(address), block)
  }
})

t.test('all addresses in an IPv6 /64 prefix are one caller', async t => {
  for (const [address, block] of [
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:2:ffff::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
    ['2001:db8:0:1::', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ] as const) {
    t.equal(addressBlock(address), block, address)
  }
})

t.test('all invalid addresses are one caller', async t => {
  for (const address of [
    undefined,
    '',
    'x',
    'unknown',
    '192.0.2.1:80',
    '[::1]',
    '::ffff:999.1.1.1',
    'x'.repeat(9999),
  ]) {
    t.equal(addressBlock(address), 'unknown', String(address).slice(0, 20))
  }
})
