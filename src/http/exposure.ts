import { type AddressInfo, BlockList, isIPv6 } from 'node:net'
import type { AppInstance } from './app-instance.ts'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** Says so in the log when a server without API keys listens where other machines may reach it. */
export function warnWhenExposed(app: AppInstance): void {
  app.addHook('onListen', done => {
    // It listens on ports only, which have addresses.
    const addresses = (app.addresses() as AddressInfo[]).map(({ address }) => address)
    const open = addresses.filter(
      address => !loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'),
    )
    if (open.length > 0) {
      app.log.warn(
        { addresses: open },
        'listening beyond this machine without API_KEYS: whoever reaches it can spend the Spotify quota',
      )
    }
    done()
  })
}
